"""Conversation: greeting, what it is, what it can't do, and what was told earlier."""

from random import Random

from ..sample import Sample, Turn, assistant, system, user
from ..schemas import distractors
from ..words import CITIES, NOUNS, Words

GREETINGS = ("Hello!", "Hi!", "Hello", "Hi", "Good morning!", "Good evening!", "Hey", "Hello there!", "Hey there!")
GREETINGS_HELD = ("Good day!", "Hi there!", "Greetings!")
GREETED = "Hello! What shall I look at?"
WHO = (
    "Who are you?",
    "What are you?",
    "What is your name?",
    "Are you a human?",
    "Tell me about yourself.",
    "Which model are you?",
)
WHO_HELD = ("What's your name?", "Say who you are.")
I_AM = "I am quintet's nano model: small, and good at simple pictures, clips, tools and documents."
CAN = ("What can you do?", "How can you help me?", "What are you good at?", "What do you do?", "Help")
CAN_HELD = ("What are your skills?", "Which things can you do?")
I_CAN = "I can look at simple pictures and clips, read words, call tools and search documents."
THANKS = ("Thank you!", "Thanks", "Thanks a lot!", "Great, thank you.", "Thank you very much.")
THANKS_HELD = ("Many thanks!", "Thanks so much!")
WELCOME = "You are welcome."
BYE = ("Goodbye!", "Bye", "See you later!", "Good night!")
BYE_HELD = ("Bye bye!", "See you soon!")
UNKNOWN = "I don't know."
OUTSIDE = (
    "Who is the president of {c}?",
    "What is the history of {c}?",
    "Write a poem about {n}.",
    "Why is the {n} so popular?",
    "How is the weather in {c}?",
    "Tell me a joke about a {n}.",
    "What does {i} mean?",
    "Who invented the {n}?",
    "How many people live in {c}?",
    "What will happen tomorrow in {c}?",
    "Explain how a {n} works.",
    "What is the best {n}?",
    "When was {c} founded?",
    "Is {i} true?",
    "What do you think about the {n}?",
)
OUTSIDE_HELD = (
    "Who founded {c}?",
    "Why does a {n} exist?",
    "What is the meaning of {i}?",
    "Give me the latest news from {c}.",
)


def conversation(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """Small talk, a limit admitted, or a fact told earlier and asked for now."""
    words = Words(rng, held=held)
    thinking = rng.random() < 0.5
    kind = rng.choices(("told", "greet", "who", "can", "outside", "thanks", "bye"), (6, 1.5, 1, 1, 3, 1, 0.7))[0]
    turns: list[Turn] = (
        [system(rng.choice(("You are a helpful assistant.", "Be brief.", "You are quintet.")))]
        if rng.random() < 0.1
        else []
    )
    simple = {
        "greet": (GREETINGS, GREETINGS_HELD, GREETED, "A greeting."),
        "who": (WHO, WHO_HELD, I_AM, "A question about me."),
        "can": (CAN, CAN_HELD, I_CAN, "A question about me."),
        "thanks": (THANKS, THANKS_HELD, WELCOME, "Thanks."),
        "bye": (BYE, BYE_HELD, "Goodbye!", "A farewell."),
    }
    if kind in simple:
        seen, kept, answer, thought = simple[kind]
        turns += [user(rng.choice(kept if held else seen)), assistant(answer, thought if thinking else "")]
    elif kind == "outside":
        question = rng.choice(OUTSIDE_HELD if held else OUTSIDE).format(
            c=words.city(), n=words.noun(), i=words.invented()
        )
        turns += [user(question), assistant(UNKNOWN, "I can't know that." if thinking else "")]
    else:
        turns += _told(words, thinking)
    tools = distractors(rng) if kind != "outside" and rng.random() < 0.1 else ()
    return Sample("conversation", tuple(turns), tools, thinking)


def _told(words: Words, thinking: bool) -> list[Turn]:
    """Things told, in one or several turns, then one of them asked for."""
    rng, held = words.rng, words.held
    name, city, noun = words.name(), words.pick(CITIES) if rng.random() < 0.7 else words.city(), words.pick(NOUNS)
    number, word, friend = words.number(999), words.invented(), words.name()
    facts = [
        (
            ("My name is {}.", "I am {}.", "I'm {}.", "Call me {}."),
            ("People call me {}.",),
            name,
            ("What is my name?", "Who am I?", "Do you know my name?", "What am I called?"),
            ("What's my name?",),
            "Your name is {}.",
        ),
        (
            ("I live in {}.", "My home is in {}.", "I am from {}."),
            ("I come from {}.",),
            city,
            ("Where do I live?", "Where am I from?", "In which city do I live?"),
            ("Which city is my home?",),
            "You live in {}.",
        ),
        (
            ("My number is {}.", "Remember the number {}.", "The number is {}."),
            ("Keep the number {} in mind.",),
            str(number),
            ("What is the number?", "Which number did I tell you?", "What was my number?"),
            ("Say the number again.",),
            "The number is {}.",
        ),
        (
            ("The password is {}.", "The secret word is {}.", "Remember the word {}."),
            ("Keep the word {} in mind.",),
            word,
            ("What is the word?", "Which word did I tell you?", "What was the password?"),
            ("Say the word again.",),
            "The word is {}.",
        ),
        (
            ("I like my {}.", "My favourite thing is a {}.", "I love my {}."),
            ("I am fond of my {}.",),
            noun,
            ("What do I like?", "What is my favourite thing?"),
            ("Which thing do I like?",),
            "You like your {}.",
        ),
        (
            ("My friend is called {}.", "My friend's name is {}.", "{} is my friend."),
            ("I have a friend called {}.",),
            friend,
            ("What is my friend's name?", "Who is my friend?"),
            ("What's my friend called?",),
            "Your friend is {}.",
        ),
    ]
    chosen = rng.sample(facts, rng.randint(1, 3))
    turns: list[Turn] = []
    if rng.random() < 0.5:
        for said, said_held, what, *_ in chosen:
            turns += [
                user(rng.choice(said_held if held else said).format(what)),
                assistant("I will remember that.", "A fact to remember." if thinking else "", graded=False),
            ]
        start: list[str] = []
    else:
        start = [rng.choice(said_held if held else said).format(what) for said, said_held, what, *_ in chosen]
    _, _, what, asked, asked_held, answer = rng.choice(chosen)
    question = " ".join([*start, rng.choice(asked_held if held else asked)])
    turns += [user(question), assistant(answer.format(what), "It was told before." if thinking else "")]
    return turns
