"""Documents: search, then answer with the sentence that tells it and its passage's number, or say that none does."""

from random import Random

from ..sample import Call, Sample, Turn, assistant, tool, user
from ..schemas import distractors, search_documents
from ..words import Words
from .facts import Fact, fact, thing

FILLER = (
    "Please read this page with care.",
    "Keep it in a dry place.",
    "More follows in the next section.",
    "This applies to all sites.",
    "It is simple to use.",
    "Ask if you are not sure.",
    "The table below shows more.",
    "We update this page every year.",
    "Always follow the rules.",
    "See also the next chapter.",
    "Nothing else is needed.",
    "Thank you for reading.",
    "These rules are for everybody.",
    "It works in every room.",
    "Do this with a friend.",
    "That is all.",
    "This handbook is about the {t}.",
    "The {t} is our newest {n}.",
    "Read more about the {t} on page {d}.",
    "We like the {t}.",
    "{n} and {m} are described elsewhere.",
)
FILES = "handbook manual guide notes report faq policy overview readme catalogue plan rules prices".split()
UNKNOWN = "The documents don't say."
NOTHING = "No passage matches."
ASK = (
    "{}",
    "{}",
    "{}",
    "{}",
    "What do the documents say: {}",
    "Look in the documents: {}",
    "{} Look it up.",
    "Search the documents. {}",
    "{} Please cite the source.",
    "{} Give the passage, too.",
    "I wonder: {}",
    "Check the files: {}",
    "A question about the documents: {}",
    "Tell me: {}",
    "From the documents: {}",
    "What do our files say? {}",
    "{} It should be in the documents.",
    "Use the documents to answer: {}",
    "I need to know: {}",
    "Can you look up this: {}",
    "{} Search for it.",
    "Find the answer in the documents. {}",
    "Somebody asks: {}",
    "Do the documents tell this? {}",
    "{} Where does it say so?",
)
ASK_HELD = ("{}", "{}", "According to the documents: {}", "Please find out: {}")


def documents(rng: Random, *, held: bool = False, level: float = 1.0) -> Sample:
    """One or two questions, each with a search, what it found, and the answer with its citation."""
    words = Words(rng, held=held)
    thinking = rng.random() < 0.5
    tools = [search_documents(rng)]
    if rng.random() < 0.15:
        tools += [one for one in distractors(rng) if one["function"]["name"] != "search_documents"]
        rng.shuffle(tools)
    turns: list[Turn] = []
    for _ in range(1 if rng.random() < 0.85 else 2):
        turns += _round(words, thinking, level)
    return Sample("documents", tuple(turns), tuple(tools), thinking)


def _round(words: Words, thinking: bool, level: float) -> list[Turn]:
    """A question and its answer; where the first search missed, there is a second, for the whole of a part."""
    rng = words.rng
    wanted = fact(words)
    question = rng.choice(ASK_HELD if words.held else ASK).format(wanted.question)
    turns = [user(question), _search(wanted.query, "I search the documents." if thinking else "")]
    _, _, whole = wanted.query.partition(" of the ")
    if whole and rng.random() < 0.12:
        groups = passages(words, wanted, level, near=False)
        turns += [tool(NOTHING if rng.random() < 0.4 else results(words, groups, level))]
        turns += [_search(whole, "No passage tells it, I search again." if thinking else "")]
        again = True
    else:
        again = not whole
    groups = passages(words, wanted, level, near=True)
    if not again or rng.random() < 0.85:
        at = rng.randrange(len(groups))
        groups[at].insert(rng.randint(0, len(groups[at])), wanted)
        answer, thought = wanted.sentence[:-1] + f" [{at + 1}].", f"Passage {at + 1} tells it."
        return [*turns, tool(results(words, groups, level)), assistant(answer, thought if thinking else "")]
    found = NOTHING if rng.random() < 0.2 else results(words, groups, level)
    return [*turns, tool(found), assistant(UNKNOWN, "No passage tells it." if thinking else "")]


def _search(query: str, thought: str) -> Turn:
    return assistant("", thought, Call("search_documents", {"query": query}))


def passages(words: Words, wanted: Fact, level: float, *, near: bool) -> list[list[Fact]]:
    """The facts of one to six passages, none of them the wanted one; with `near`, some about the same thing."""
    rng = words.rng
    subject = wanted.query.rpartition(" of the ")[2]
    groups: list[list[Fact]] = []
    for _ in range(rng.choice((1, 2, 3, 4, 5, 5, 5, 6)) if level > 0.25 else rng.randint(1, 3)):
        about = subject if near and rng.random() < 0.4 else thing(words)
        group: list[Fact] = []
        for _ in range(rng.randint(1, 2 + round(level))):
            other = fact(words, about if rng.random() < 0.7 else None)
            if (other.query, other.kind) != (wanted.query, wanted.kind):
                group.append(other)
        groups.append(group)
    return groups


def results(words: Words, groups: list[list[Fact]], level: float) -> str:
    """What the library's search returns."""
    rng = words.rng
    lines = []
    for index, facts in enumerate(groups, 1):
        stem = rng.choice(FILES) if rng.random() < 0.6 else words.noun()
        ending = rng.choice(("pdf", "pdf", "pdf", "md", "html", "docx", "txt"))
        where = f"{stem}.{ending}" + (f", page {rng.randint(1, 60)}" if ending == "pdf" else "")
        lines.append(f"[{index}] ({where}) {_passage(words, facts, level)}")
    return rng.choice(("\n", "\n", "\n\n")).join(lines)


def _passage(words: Words, facts: list[Fact], level: float) -> str:
    """The facts' sentences among others, as a page would hold them."""
    rng = words.rng
    sentences = [one.sentence for one in facts]
    about = rng.choice(facts).query if facts else words.noun()
    sentences += [
        text.format(t=about, n=words.noun(), m=words.noun(), d=rng.randint(2, 90))
        for text in rng.sample(FILLER, rng.choice((0, 0, 0, 1, 1, round(3 * level))))
    ]
    rng.shuffle(sentences)
    title = (about if rng.random() < 0.5 else words.phrase(1, 2)).capitalize()
    text = rng.choice((" ", " ", " ", "\n", "\n")).join(sentences)
    heading = rng.random()
    return f"{title}\n{text}" if heading < 0.35 else f"# {title}\n{text}" if heading < 0.5 else text
