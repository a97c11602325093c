"""UltraFeedback's rows: `{instruction, completions: [{model, response, …}]}`.

Source: the dataset card of openbmb/UltraFeedback.
"""

from rrm_queue.intake.formats.answer_lists import answer_list

ULTRAFEEDBACK = answer_list("ultrafeedback", "UltraFeedback rows", ("completions",))
