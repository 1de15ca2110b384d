"""The words that training draws from, and which of them are held out for evaluation.

Every word falls on one side by a hash of its letters, so the split needs no list and never moves.
"""

import zlib
from random import Random

NOUNS = (
    "lamp table chair window door garden river bridge market engine bottle basket ladder hammer needle pocket "
    "candle mirror carpet pillow blanket kettle saucer spoon fork knife plate bucket shovel wheel pedal saddle "
    "bicycle wagon tractor harbour island mountain valley desert forest meadow lake ocean beach cliff cave tunnel "
    "tower castle temple museum library school hospital station airport factory office kitchen bathroom bedroom "
    "cellar attic balcony staircase roof chimney fence gate path road street square corner bench fountain statue "
    "flag drum guitar piano violin trumpet flute camera radio printer scanner keyboard monitor speaker battery "
    "charger cable socket switch sensor motor pump valve filter turbine boiler heater cooler freezer oven stove "
    "toaster blender mixer grinder scale timer clock watch calendar diary letter stamp parcel envelope ticket "
    "passport wallet coin banknote receipt invoice contract licence permit apple banana cherry lemon orange peach "
    "grape melon berry carrot onion potato tomato cabbage pepper garlic ginger bread butter cheese honey sugar "
    "flour rice pasta soup salad sauce coffee tea juice milk water salt vinegar oil tiger lion rabbit horse "
    "donkey camel goat sheep chicken duck goose pigeon eagle falcon owl parrot whale dolphin shark salmon turtle "
    "lizard snake spider beetle butterfly bee ant worm flower tulip rose lily daisy oak maple birch willow jacket "
    "shirt trousers glove scarf boot sandal button zipper collar sleeve helmet umbrella backpack suitcase tent "
    "rope anchor sail rudder cabin deck compass map globe telescope microscope magnet prism mirror lens laser "
    "antenna satellite rocket planet comet crystal diamond marble granite copper silver iron steel glass plastic "
    "rubber cotton wool silk leather paper ink paint brush canvas frame shelf drawer cabinet cushion curtain "
    "faucet sink shower towel soap sponge warranty manual handbook policy holiday salary meeting deadline project "
    "budget report invoice refund delivery deposit insurance discount subscription membership password account "
    "server router backup archive folder device vehicle machine robot drone elevator escalator alarm detector "
    "extinguisher generator transformer compressor conveyor crane"
).split()
ADJECTIVES = (
    "small large heavy light bright dark quiet loud warm cold fast slow old new clean dirty soft hard smooth "
    "rough wide narrow tall short thick thin round flat sharp blunt empty full open closed simple complex cheap "
    "costly early late strong weak fresh dry wet sweet bitter sour plain fancy modern ancient local foreign "
    "public private safe digital electric solar northern southern eastern western upper lower inner outer main "
    "spare annual daily weekly monthly"
).split()
VERBS = (
    "open close start stop send fetch find count measure check update delete create rename copy move print scan "
    "lock unlock book cancel order pay sell rent repair clean paint build heat cool lift drop push pull turn play "
    "pause record mute search list show hide save load share invite block remind schedule translate convert "
    "compare sort merge split attach"
).split()
CITIES = (
    "Oslo Paris Rome Lisbon Madrid Vienna Prague Athens Dublin London Berlin Munich Hamburg Zurich Geneva "
    "Brussels Warsaw Helsinki Stockholm Copenhagen Cairo Nairobi Lagos Accra Tunis Dakar Delhi Mumbai Tokyo Osaka "
    "Kyoto Seoul Beijing Shanghai Hanoi Bangkok Jakarta Manila Sydney Perth Auckland Toronto Montreal Chicago "
    "Boston Denver Seattle Austin Houston Miami Atlanta Havana Lima Quito Bogota Santiago Caracas Porto Seville "
    "Naples Milan Turin Lyon Nice Bergen"
).split()
NAMES = (
    "Anna Ben Clara David Emma Felix Greta Hugo Ida Jonas Karin Leo Mia Nora Oscar Paula Quentin Rosa Simon Tina "
    "Ursula Victor Wanda Xavier Yara Zoe Alice Boris Carla Dora Erik Fiona George Helen Ivan Julia Kevin Laura "
    "Martin Nina Olga Peter Robert Sara Thomas Vera Walter Amir Bianca Chen Dmitri Elena Farah Gustav Hana Igor "
    "Jamal Kenji Lena Mateo Noor"
).split()
LANGUAGES = (
    "French German Spanish Italian Dutch Polish Greek Arabic Hindi Korean Japanese Swedish Danish Turkish Czech".split()
)
UNITS = (
    "months days weeks hours minutes years metres litres kilograms euros dollars watts volts pages people degrees"
).split()

_ONSETS = "b c d f g h j k l m n p r s t v w z br ch cl dr fl gr kr pl pr sh sk sl sp st tr th".split()
_VOWELS = "a e i o u ai ea ee oo ou".split()
_CODAS = ["", "", "", "l", "m", "n", "r", "s", "t", "k", "nd", "st", "x", "ck"]


def held_out(word: str) -> bool:
    """Whether `word` (in any case) belongs to evaluation; about one in eight does."""
    return zlib.crc32(word.lower().encode()) % 8 == 0


class Words:
    """Draws words of one side of the split."""

    def __init__(self, rng: Random, *, held: bool = False) -> None:
        self.rng = rng
        self.held = held

    def pick(self, words: list[str]) -> str:
        """One of `words` on this side of the split."""
        while True:
            word = self.rng.choice(words)
            if held_out(word) == self.held:
                return word

    def several(self, words: list[str], n: int) -> list[str]:
        """`n` different words of `words`."""
        found: list[str] = []
        while len(found) < n:
            word = self.pick(words)
            if word not in found:
                found.append(word)
        return found

    def invented(self, syllables: int | None = None) -> str:
        """A word that no dictionary has, in lower case."""
        rng = self.rng
        while True:
            n = syllables or rng.choice((1, 2, 2, 3))
            word = "".join(
                rng.choice(_ONSETS) + rng.choice(_VOWELS) + (rng.choice(_CODAS) if i == n - 1 else "") for i in range(n)
            )
            if held_out(word) == self.held:
                return word

    def letters(self, low: int, high: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz") -> str:
        """A random string of `low` to `high` characters."""
        while True:
            word = "".join(self.rng.choice(alphabet) for _ in range(self.rng.randint(low, high)))
            if held_out(word) == self.held:
                return word

    def noun(self) -> str:
        """A noun, now and then an invented one."""
        return self.invented() if self.rng.random() < 0.25 else self.pick(NOUNS)

    def name(self) -> str:
        """A person's first name, now and then an invented one."""
        return self.invented(2).capitalize() if self.rng.random() < 0.3 else self.pick(NAMES)

    def city(self) -> str:
        """A city, now and then an invented one."""
        return self.invented(2).capitalize() if self.rng.random() < 0.25 else self.pick(CITIES)

    def phrase(self, low: int = 1, high: int = 3) -> str:
        """A few words in a row, nouns behind adjectives."""
        n = self.rng.randint(low, high)
        return " ".join([*(self.pick(ADJECTIVES) for _ in range(n - 1)), self.noun()])

    def number(self, high: int = 999) -> int:
        """A whole number, small ones as likely as large ones; held-out numbers leave 3 and 7 when divided by 10."""
        while True:
            top = self.rng.choice([t for t in (9, 99, 999, 9999) if t <= high] or [high])
            n = self.rng.randint(1, top)
            if n < 10 or (n % 10 in (3, 7)) == self.held:
                return n
