"""A program that keeps something of its sessions, and says so."""

import dspy

import dspex


# region warm
class Words:
    """How often each word was said: slow to make of a long conversation, quick to go on with."""

    def __init__(self, turns):
        self.said = {}
        self.made_of = len(turns)
        for turn in turns:
            self.add(turn["inputs"]["text"])

    def add(self, text):
        for word in text.split():
            self.said[word] = self.said.get(word, 0) + 1


@dspex.program("words_said", signature="text: str -> said: dict[str, int], made_of: int")
def words_said(text: str) -> dict:
    words = dspex.warm(Words)
    words.add(text)
    return {"said": dict(words.said), "made_of": words.made_of}


# endregion


@dspex.program("longest_said", signature="text: str, history: History -> characters: int")
def longest_said(text: str, history: dspy.History) -> int:
    return max([len(text), *(len(turn["text"]) for turn in history.messages)])
