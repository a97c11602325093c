"""distilabel's rows: `{instruction, generations: [text], generation_models?: [text]}`.

Source: distilabel's UltraFeedback task and its step that groups generations; pipelines since
version 1.4 name the models `model_names`.
"""

from rrm_queue.intake.formats.answer_lists import answer_list

DISTILABEL = answer_list("distilabel", "distilabel rows", ("generations",))
