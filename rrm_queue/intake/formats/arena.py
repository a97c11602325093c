"""Chatbot Arena's battles, MT-bench's human ones: `{conversation_a, conversation_b, winner}`.

Source: the cards of the data sets lmsys/chatbot_arena_conversations, lmsys/mt_bench_human_judgments
and lmarena-ai/arena-human-preference-140k. MT-bench's `turn` says which turn was judged, and its
`question_id` repeats: name such rows by their lines.
"""

from rrm_queue.intake.formats.pairwise import Columns, two_answers

ARENA = two_answers(
    "arena",
    "Chatbot Arena's conversations",
    Columns(answers=("conversation_a", "conversation_b")),
)
