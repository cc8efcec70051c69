"""What a check of a data set found, and how it is reported in one screen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_NUM_EXAMPLES = 3


class Count(NamedTuple):
    """How much of something there is, and how much there should be."""

    what: str
    found: int
    known: int | None
    """The published count; None where there is none: in a data set of one's own."""

    @property
    def is_right(self) -> bool:
        """Whether the count is the known one, or none is known."""
        return self.known is None or self.found == self.known


class Problem(NamedTuple):
    """Something that is wrong, and what to do."""

    what: str
    remedy: str
    examples: Sequence[str] = ()


@dataclass
class DatasetReport:
    """What a check found.

    Attributes:
        title: Name and folder of the data set.
        counts: What was counted. One that is not as known is a problem.
        problems: Whatever else is wrong.
        notes: What is no problem, but good to know.
        count_remedy: What to do where a count is not as known.
    """

    title: str
    counts: list[Count] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    count_remedy: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems and all(count.is_right for count in self.counts)

    def add_problem(
        self, what: str, remedy: str, examples: Iterable[Path | str] = ()
    ) -> None:
        """Note that something is wrong, with the first examples of it."""
        shown = [str(example) for example in examples][:_NUM_EXAMPLES]
        self.problems.append(Problem(what, remedy, shown))

    def lines(self) -> list[str]:
        """Return the report, ready to print."""
        width = max((len(count.what) for count in self.counts), default=0)
        lines = [self.title]
        lines += [_count_line(count, width) for count in self.counts]
        lines += [f"  note: {note}" for note in self.notes]
        problems = list(self.problems)
        wrong = [count.what for count in self.counts if not count.is_right]
        if wrong:
            problems.insert(
                0, Problem(f"not as known: {', '.join(wrong)}", self.count_remedy)
            )
        for problem in problems:
            lines.append(f"  WRONG: {problem.what}")
            lines += [f"      such as {example}" for example in problem.examples]
            lines.append(f"      {problem.remedy}")
        lines.append("Complete." if self.is_complete else "Not complete.")
        return lines


def _count_line(count: Count, width: int) -> str:
    line = f"  {count.what:<{width}}  {count.found:>9,}"
    if count.known is None:
        return line
    return line + (" ok" if count.is_right else f" of {count.known:,}")
