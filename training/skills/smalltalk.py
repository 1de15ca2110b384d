"""What people say in conversations, what only evaluation says (`held`, or the second of two), and the answers."""

from dataclasses import dataclass

GREETED = "Hello! What shall I look at?"
I_AM = "I am quintet's nano model: small, and good at simple pictures, clips, tools and documents."
I_CAN = "I can look at simple pictures and clips, read words, call tools and search documents."
UNKNOWN = "I don't know."


@dataclass(frozen=True)
class Talk:
    """What people say, what only evaluation says, the answer and a thought."""

    said: tuple[str, ...]
    held: tuple[str, ...]
    answer: str
    thought: str


GREETING = Talk(
    (
        *["Hello!", "Hi!", "Hello", "Hi", "Good morning!", "Good evening!", "Hey", "Hello there!", "Hey there!"],
        *["Good afternoon!", "Good morning", "hello", "hi", "Hello, how are you?", "Hi, how are you?", "Hey you!"],
        *["How do you do?", "Welcome!", "Hello quintet!", "Hi quintet", "Nice to meet you!", "Hello again!", "Howdy!"],
        *["Good to see you!", "Hi again!", "A good day to you!", "Salutations!", "Hello, my friend!", "Yo!"],
        *["Hello hello!", "Are you there?", "Is anybody there?", "Good morning to you!", "Hallo!", "Morning!"],
        *["Evening!", "How are you?"],
    ),
    ("Good day!", "Hi there!", "Greetings!", "Good evening to you!", "Hello, is anybody there?"),
    GREETED,
    "A greeting.",
)
WHO = Talk(
    (
        *["Who are you?", "What are you?", "What is your name?", "Are you a human?", "Tell me about yourself."],
        *["Which model are you?", "who are you", "What kind of model are you?", "What is this model?"],
        *["Do you have a name?", "Are you a robot?", "Are you a person?", "Introduce yourself."],
        *["What sort of program are you?", "And you are?", "Who am I talking to?", "What should I call you?"],
        *["Tell me who you are.", "How big are you?", "Who made you?", "Are you a machine?", "Tell me your name."],
        *["What model is this?", "Which program are you?", "Who is this?"],
    ),
    ("What's your name?", "Say who you are.", "Please introduce yourself.", "Are you a computer?"),
    I_AM,
    "A question about me.",
)
CAN = Talk(
    (
        *["What can you do?", "How can you help me?", "What are you good at?", "What do you do?", "Help", "Help me!"],
        *["What can I ask you?", "What are you able to do?", "Tell me what you can do.", "Which tasks can you do?"],
        *["What are you for?", "What can you do for me?", "How can you help?", "What are your abilities?"],
        *["what can you do", "What do you know how to do?", "List your skills.", "What is it that you can do?"],
        *["Which skills do you have?", "What can I use you for?", "What kind of questions can I ask?"],
        *["How do you work?", "In what can you help?"],
    ),
    ("What are your skills?", "Which things can you do?", "Say what you can do.", "With what can you help me?"),
    I_CAN,
    "A question about what I can do.",
)
THANKS = Talk(
    (
        *["Thank you!", "Thanks", "Thanks a lot!", "Great, thank you.", "Thank you very much.", "thanks", "Thank you"],
        *["Perfect, thanks!", "Thank you for your help.", "That helped, thank you.", "Thanks, that is all.", "Cheers!"],
        *["Good, thanks.", "Thanks for that.", "Thank you, well done!", "I thank you.", "Okay, thanks!"],
        *["Nice, thank you!", "Well done, thanks.", "Thank you kindly!", "Thanks for the help!"],
        *["Very good, thank you."],
    ),
    ("Many thanks!", "Thanks so much!", "Thank you so much for this.", "Wonderful, thanks."),
    "You are welcome.",
    "Thanks.",
)
BYE = Talk(
    (
        *["Goodbye!", "Bye", "See you later!", "Good night!", "Bye!", "bye", "Farewell!", "See you tomorrow!"],
        *["See you!", "I have to go now.", "Have a nice day!", "Until tomorrow!", "That is all, goodbye.", "So long!"],
        *["Take care!", "I am leaving.", "Bye for now!", "Good night, sleep well!", "Until next time!"],
        *["Talk to you later!"],
    ),
    ("Bye bye!", "See you soon!", "Goodbye, until later!"),
    "Goodbye!",
    "A farewell.",
)
OUTSIDE = (
    *["Who is the president of {c}?", "What is the history of {c}?", "Write a poem about {n}.", "Is {i} true?"],
    *["Why is the {n} so popular?", "How is the weather in {c}?", "Tell me a joke about a {n}.", "What does {i} mean?"],
    *["Who invented the {n}?", "How many people live in {c}?", "What will happen tomorrow in {c}?"],
    *["When was {c} founded?", "Explain how a {n} works.", "What is the best {n}?", "What do you think about the {n}?"],
    *["Who was {p} {i}?", "Tell me a story about {p}.", "What is the capital of {c}?", "How old is {p}?"],
    *["Where can I buy a {n}?", "Who won the match in {c}?", "How do I repair a {n}?", "What happened in {y}?"],
    *["How far is it to {c}?", "Translate {n} into French.", "Write a letter to {p}.", "Why is the sky blue?"],
    *["What is a {n} made of?", "How much is a {n}?", "Give me a recipe with {n}.", "Which {n} do you like?"],
    *["Where is {c}?", "Who is {p}?", "What is the price of {i}?", "How tall is {p}?", "What's new in {c}?"],
    *["Do you like {c}?", "Sing about {n}.", "Draw a {n}.", "Invent a name for a {n}.", "Recommend a {n}."],
    *["Describe {c}.", "Give me a list of {n}s.", "Draft a mail to {p}.", "Play some music by {p}.", "Call {p}."],
    *["Predict the weather in {c}.", "Make up a riddle about a {n}.", "Show me a map of {c}.", "Order a {n} for me."],
    *["Give me tips for {c}.", "Give me an idea for a {n}.", "Summarize the life of {p}.", "Plan a trip to {c}."],
    *["Report from {c}.", "Give me the headlines.", "Tell me the news.", "Tell me something about {c}.", "Spell {i}."],
    *["Which language do they speak in {c}?", "Is {c} larger than {i}?", "What does {p} do?", "Define {i}."],
    *["Who wrote {i}?", "Who built the {n}?", "When was the {n} invented?", "What is {i}?", "Where does {p} live?"],
    *["Write a song.", "Write some code.", "Create a picture of a {n}.", "What time is it in {c}?", "Is {p} famous?"],
    *["What comes after {i}?", "How many {n}s are there in the world?", "Why do people need a {n}?", "Rate {c}."],
    *["What will {p} say?", "Tell me a secret about {c}.", "Do people in {c} have a {n}?", "Explain {i} to me."],
)
OUTSIDE_HELD = (
    "Who founded {c}?",
    "Why does a {n} exist?",
    "What is the meaning of {i}?",
    "Give me the latest news from {c}.",
    "Compose a song for {p}.",
)


@dataclass(frozen=True)
class Told:
    """A thing told: how, and how it is asked for; the second of each pair is evaluation's."""

    said: tuple[tuple[str, ...], tuple[str, ...]]
    asked: tuple[tuple[str, ...], tuple[str, ...]]
    answer: str


TOLD = {
    "name": Told(
        (
            (
                "My name is {}.",
                "The one who asks is {}.",
                "I go by {}.",
                "My friends say {} to me.",
                "Hello, {} here.",
                "I was named {}.",
                "Please call me {}.",
                "It is me, {}.",
                "Let me introduce myself: {}.",
                "I am {}.",
                "I'm {}.",
                "Call me {}.",
                "You can call me {}.",
                "The name is {}.",
                "This is {}.",
            ),
            ("People call me {}.", "My first name is {}."),
        ),
        (
            (
                "What is my name?",
                "Which name do I have?",
                "Can you say my name?",
                "How do you call me?",
                "Do you remember my name?",
                "Who am I?",
                "Do you know my name?",
                "What am I called?",
                "Say my name.",
                "My name is?",
            ),
            ("What's my name?", "Tell me my name."),
        ),
        "Your name is {}.",
    ),
    "city": Told(
        (
            (
                "I live in {}.",
                "I grew up in {}.",
                "I am living in {}.",
                "We live in {}.",
                "{} is my city.",
                "{} is where I live.",
                "My room is in {}.",
                "You find me in {}.",
                "Home is {} for me.",
                "My home is in {}.",
                "I am from {}.",
                "I'm from {}.",
                "I moved to {}.",
                "My house is in {}.",
            ),
            ("I come from {}.", "My flat is in {}."),
        ),
        (
            (
                "Where do I live?",
                "Do you remember where I live?",
                "Where is it that I live?",
                "Which city do I live in?",
                "Say where I live.",
                "Where am I from?",
                "In which city do I live?",
                "Where is my home?",
                "What city am I from?",
            ),
            ("Which city is my home?", "Tell me where I live."),
        ),
        "You live in {}.",
    ),
    "number": Told(
        (
            (
                "My number is {}.",
                "Please remember {}.",
                "Store the number {}.",
                "Save the number {} for later.",
                "Hold on to the number {}.",
                "Take the number {}.",
                "The number {} is important.",
                "Keep number {}.",
                "I give you the number {}.",
                "Learn the number {} by heart.",
                "Write down {} for me.",
                "Remember the number {}.",
                "The number is {}.",
                "Note the number {}.",
                "Remember {}.",
                "It is number {}.",
            ),
            ("Keep the number {} in mind.", "Don't forget the number {}."),
        ),
        (
            (
                "What is the number?",
                "Can you repeat the number?",
                "Do you remember the number?",
                "Which number was it?",
                "Give me the number.",
                "Which number did I tell you?",
                "What was my number?",
                "Tell me the number.",
                "The number?",
            ),
            ("Say the number again.", "What number was it?"),
        ),
        "The number is {}.",
    ),
    "word": Told(
        (
            (
                "The password is {}.",
                "Store the word {}.",
                "Save the word {} for later.",
                "Hold on to the word {}.",
                "The word {} is important.",
                "Take the word {}.",
                "Keep {} as the word.",
                "I give you the word {}.",
                "Learn the word {} by heart.",
                "Write down the word {} for me.",
                "Let the word be {}.",
                "The secret word is {}.",
                "Remember the word {}.",
                "The word is {}.",
                "Note the word {}.",
                "My word is {}.",
            ),
            ("Keep the word {} in mind.", "Don't forget the word {}."),
        ),
        (
            (
                "What is the word?",
                "Can you repeat the word?",
                "Do you remember the word?",
                "Which word was it?",
                "Give me the word.",
                "Which word did I tell you?",
                "What was the password?",
                "Tell me the word.",
                "The secret word?",
            ),
            ("Say the word again.", "What word was it?"),
        ),
        "The word is {}.",
    ),
    "thing": Told(
        (
            (
                "I like my {}.",
                "I adore my {}.",
                "My {} is what I like.",
                "Nothing is better than my {}.",
                "I enjoy my {}.",
                "I am happy with my {}.",
                "The best thing I have is my {}.",
                "I care for my {}.",
                "I love nothing more than my {}.",
                "My favourite thing is a {}.",
                "I love my {}.",
                "I really like my {}.",
                "The thing I like is my {}.",
            ),
            ("I am fond of my {}.", "What I like most is my {}."),
        ),
        (
            (
                "What do I like?",
                "Do you remember what I like?",
                "What is it that I like?",
                "Say what I like.",
                "Name the thing I like.",
                "What is my favourite thing?",
                "What do I love?",
                "Which thing is my favourite?",
            ),
            ("Which thing do I like?", "Tell me what I like."),
        ),
        "You like your {}.",
    ),
    "friend": Told(
        (
            (
                "My friend is called {}.",
                "I have a good friend, {}.",
                "One of my friends is {}.",
                "A friend, {}, is with me.",
                "My best friend is {}.",
                "I met my friend {}.",
                "The name of my friend is {}.",
                "There is a friend of ours, {}.",
                "You know my friend {}.",
                "My friend's name is {}.",
                "{} is my friend.",
                "I have a friend, {}.",
                "My friend is {}.",
            ),
            ("I have a friend called {}.", "A friend of mine is {}."),
        ),
        (
            (
                "What is my friend's name?",
                "Do you remember my friend?",
                "Say who my friend is.",
                "What is the name of my friend?",
                "Which friend do I have?",
                "Who is my friend?",
                "How is my friend called?",
                "Name my friend.",
            ),
            ("What's my friend called?", "Tell me who my friend is."),
        ),
        "Your friend is {}.",
    ),
}
