"""Recognised letters as words: cut at spaces and at gaps where one was not seen."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.capture.recognition.letters import Letter, RecognisedLine

# A gap this many times the usual step between letters is a space that was not seen.
GAP = 2.2


def words_of(read: RecognisedLine) -> Iterator[list[Letter]]:
    """The letters of each word, from left to right."""
    steps = sorted(after.place - before.place for before, after in zip(read.letters, read.letters[1:], strict=False))
    usual = steps[len(steps) // 2] if steps else 0.0
    word: list[Letter] = []
    for letter in read.letters:
        is_space = letter.sign.isspace()
        if word and (is_space or letter.place - word[-1].place > GAP * usual):
            yield word
            word = []
        if not is_space:
            word.append(letter)
    if word:
        yield word
