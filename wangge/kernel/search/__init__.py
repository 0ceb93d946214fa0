"""Chinese full text with nothing but PostgreSQL's core: grams for the index, a recheck for the truth. See docs/search.md."""

from wangge.kernel.search.grams import Word, grams, like, normal, pieces, words
from wangge.kernel.search.highlight import Segment, segments

__all__ = ["Segment", "Word", "grams", "like", "normal", "pieces", "segments", "words"]
