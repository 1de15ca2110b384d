"""Moments of a long video in words: at about 41 minutes, around 1:12:30, half an hour in; what they are in seconds."""

from random import Random

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = ["", "", *"twenty thirty forty fifty sixty seventy eighty ninety".split()]
NAMED = {
    "half a minute in": 30,
    "after half a minute": 30,
    "one and a half minutes in": 90,
    "a minute and a half in": 90,
    "a quarter of an hour in": 900,
    "after a quarter of an hour": 900,
    "half an hour in": 1800,
    "after half an hour": 1800,
    "at half an hour": 1800,
    "three quarters of an hour in": 2700,
    "after three quarters of an hour": 2700,
    "an hour in": 3600,
    "after an hour": 3600,
    "at one hour": 3600,
    "one hour in": 3600,
    "after one hour": 3600,
    "an hour and a half in": 5400,
    "one and a half hours in": 5400,
    "after one and a half hours": 5400,
}
NEAR = (
    *["at", "at", "at", "at", "at about", "at about", "around", "around", "about", "at around", "at roughly"],
    *["roughly at", "at approximately", "approximately at", "at circa", "after", "after about", "shortly after"],
    *["at the time of", "at the position", "just at", "right at", "some time around", "at ~"],
)
NEAR_HELD = ("near", "close to", "at exactly", "somewhere around")
INTO = ("in", "into it", "into the video", "into the film", "after the start", "from the start", "from the beginning")
INTO_HELD = ("into the clip", "after the beginning")


def spelled(n: int) -> str:
    """forty-one; from 0 to 99."""
    if n < 20:
        return ONES[n]
    return TENS[n // 10] + (f"-{ONES[n % 10]}" if n % 10 else "")


def moment(rng: Random, longest: int, *, held: bool = False) -> tuple[str, int]:
    """A moment within `longest` seconds: how one says it, and its second."""
    kind = rng.choices(("minutes", "clock", "hours", "seconds", "named"), (9, 7, 3, 2, 1.2))[0]
    if kind == "named":
        fitting = [name for name, second in NAMED.items() if second <= longest]
        if fitting:
            name = rng.choice(fitting)
            return name, NAMED[name]
    if kind == "minutes" and longest >= 60:
        second = 60 * rng.randint(1, longest // 60)
        return _placed(rng, *_minutes(rng, second // 60), held=held), second
    if kind == "hours" and longest > 3600:
        second = rng.randint(3600, longest)
        return _placed(rng, *_hours(rng, second), held=held), second
    second = rng.randint(0, longest)
    if rng.random() < 0.4:
        second -= second % rng.choice((5, 10, 30))
    said = _seconds(rng, second) if kind == "seconds" or second < 10 else _clock(rng, second)
    return _placed(rng, *said, held=held), second


def _placed(rng: Random, time: str, length: bool, *, held: bool) -> str:
    """`time` with a word before it or, where it is a length of time, behind it."""
    if length and rng.random() < 0.3:
        return f"{time} {rng.choice(INTO_HELD if held else INTO)}"
    near = rng.choice(NEAR_HELD if held and rng.random() < 0.6 else NEAR)
    if not length and near.startswith("after"):
        near = "at"
    return near + time if near.endswith("~") else f"{near} {time}"


def _minutes(rng: Random, n: int) -> tuple[str, bool]:
    number = spelled(n) if n < 100 and rng.random() < 0.12 else str(n)
    unit = "minute" if n == 1 else "minutes"
    if n >= 60 and rng.random() < 0.3:
        return _hours(rng, 60 * n)
    forms = [(f"{number} {unit}", True)] * 5 + [(f"minute {number}", False)] * 3 + [(f"{n}:00", False)] * 3
    forms += [(f"{n} min", True)] * 2 + [(f"the {n} minute mark", False), (f"the {n}-minute mark", False)]
    forms += [(f"{n}min", True), (f"{n} mins", True), (f"{n} min.", False), (f"{number} {unit} sharp", False)]
    return rng.choice(forms)


def _clock(rng: Random, second: int) -> tuple[str, bool]:
    """Minutes and seconds."""
    m, s = divmod(second, 60)
    if m == 0:
        return _seconds(rng, second)
    forms = [(f"{m}:{s:02d}", False)] * 7 + [(f"minute {m}:{s:02d}", False), (f"{m:02d}:{s:02d}", False)]
    forms += [(f"{m} minutes {s} seconds", True), (f"{m} minutes and {s} seconds", True), (f"{m} min {s} s", True)]
    forms += [(f"{m}m{s:02d}s", False), (f"minute {m} and {s} seconds", False), (f"0:{m:02d}:{s:02d}", False)]
    if s == 30:
        forms += [(f"{m}.5 minutes", True), (f"{m} and a half minutes", True)] * 3
    return rng.choice(forms)


def _hours(rng: Random, second: int) -> tuple[str, bool]:
    h, rest = divmod(second, 3600)
    m, s = divmod(rest, 60)
    if h == 0:
        return _clock(rng, second)
    hours = f"{h} hour" if h == 1 else f"{h} hours"
    forms = [(f"{h}:{m:02d}:{s:02d}", False)] * 6 + [
        (f"{hours} {m} minutes {s} seconds", True),
        (f"{h}h{m}m{s}s", False),
    ]
    if s == 0:
        forms += [(f"{hours} {m} minutes", True), (f"{hours} and {m} minutes", True), (f"{h} h {m} min", True)] * 2
        forms += [(f"{h}h{m:02d}", False)]
    return rng.choice(forms)


def _seconds(rng: Random, second: int) -> tuple[str, bool]:
    forms = [(f"{second} seconds", True)] * 3 + [(f"second {second}", False), (f"{second} s", True)]
    return rng.choice([*forms, (f"{second} sec", True), (f"{second}s", False)])


def stretch(second: int) -> tuple[int, int]:
    """What to watch for a moment: 15 seconds on either side of it."""
    return max(0, second - 15), second + 15
