"""How people ask about pictures; what ends in HELD only evaluation asks. ALIKE ask the same of another thing."""

COLOUR_OF = (
    *["What colour is the {}?", "What color is the {}?", "Which colour does the {} have?", "Which color is the {}?"],
    *["Tell me the colour of the {}.", "The {} is of which colour?", "What is the colour of the {}?"],
    *["Is the {} red or what?", "Name the colour of the {}.", "Look at the {}. What colour is it?"],
    *["In this picture, what colour is the {}?", "Say the colour of the {}.", "What colour has the {}?"],
    *["The colour of the {}?", "How is the {} coloured?", "Which colour is used for the {}?"],
    *["Of what colour is the {}?", "Please name the {}'s colour.", "There is a {}. Its colour?"],
    *["What colour would you say the {} is?", "Could you tell the colour of the {}?", "What's the {}'s color?"],
    *["Do you see the colour of the {}?", "I want to know which colour the {} has.", "Give me the colour of the {}."],
    *["Check the colour of the {}.", "In what colour is the {} drawn?", "Tell me which colour the {} is."],
)
COLOUR_OF_HELD = (
    "Can you say what colour the {} is?",
    "What's the colour of the {} here?",
    "I'd like to know the colour of the {}.",
)
SHAPE_OF = (
    *["What shape is {}?", "Which shape is {}?", "What is the {} thing?", "What is the {} object?"],
    *["Name the {} shape.", "Which object is {}?", "What {} shape is there?", "What kind of shape is {}?"],
    *["Which thing in the picture is {}?", "What is {}?", "The {} thing: what is it?", "Which form has the {} object?"],
    *["Say which object is {}.", "The {} one is what?", "What sort of shape is the {} one?"],
    *["What shape does the {} thing have?", "Identify the {} shape.", "Can you name the {} shape?"],
    *["Tell me what the {} object is.", "Say what shape the {} thing is.", "Look at the {} thing. What shape is it?"],
    *["What's the {} thing?", "What's the shape of the {} object?", "I want to know what the {} thing is."],
)
SHAPE_OF_HELD = ("Tell me which shape is {}.", "What's the {} shape?", "The {} object is of what shape?")
COUNT = (
    *["How many {} are there?", "How many {} do you see?", "Count the {}.", "How many {} are in the picture?"],
    *["How many {}?", "What is the number of {}?", "How many {} can you see?", "How many {} does the picture show?"],
    *["Give the number of {}.", "Count all {}.", "Tell me the number of {}.", "Number of {}?"],
    *["How many {} are shown?", "How many {} did you find?", "Say how many {} you see.", "How many {} does it have?"],
    *["What's the count of {}?", "In this picture, how many {} are there?", "Can you count the {}?"],
    *["Say how many {} there are.", "I want to know how many {} there are.", "How many {} are visible?"],
    *["How many {} have been drawn?", "Could you count the {} for me?", "Find the number of {}.", "{}: how many?"],
    *["How many {} can one see?", "What number of {} do you see?", "Look at the {}. How many are there?"],
)
COUNT_HELD = ("Please count the {}.", "How many {} can be seen here?", "Tell me how many {} there are.")
DESCRIBE = (
    *["What is in the picture?", "Describe the picture.", "What do you see?", "List the shapes from left to right."],
    *["What does the picture show?", "Name everything in the picture.", "What shapes are there?"],
    *["Describe this image.", "What can you see here?", "What is this?", "What is shown?", "List everything."],
    *["Tell me what you see."],
)
DESCRIBE_HELD = ("Tell me what the picture shows.", "What's in this image?", "What things are in the picture?")
ALIKE = ("And the {}?", "What about the {}?", "And what about the {}?", "Now the {}.", "And of the {}?", "The {} too?")
ALIKE_HELD = ("And how about the {}?", "Then the {}?")
IN_ONE = (
    *["In picture {p}: {q}", "Picture {p}: {q}", "Look at picture {p}. {q}", "{q} I mean picture {p}."],
    *["About picture {p}: {q}", "In the {o} picture: {q}", "The {o} picture: {q}", "Look at the {o} picture. {q}"],
    *["{q} Look at the {o} one."],
)
IN_ONE_HELD = ("Take picture {p}. {q}", "For the {o} picture: {q}")
WHICH_ONE = (
    "In which picture is the {}?",
    "Which picture has a {}?",
    "Where is the {}, in which picture?",
    "Which picture shows the {}?",
    "Which of the pictures has the {}?",
    "In which of the pictures do you see the {}?",
    "Find the {}: which picture is it in?",
    "The {}: in which picture?",
    "Where do you see the {}, in which picture?",
    "Say in which picture the {} is.",
    "Which picture contains the {}?",
    "I look for the {}. Which picture is it?",
    "Can you find the picture with the {}?",
)
WHICH_ONE_HELD = ("Tell me which picture has the {}.", "The {} is in which picture?")
