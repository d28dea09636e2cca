"""A trace of ToolOrchestra's evaluation, as it writes one."""

from typing import Any

TRACE: dict[str, Any] = {
    "id": "66e8",
    "problem": "What is 17% of 2,340?",
    "answer": "397.8",
    "correct": True,
    "all_tool_responses": {
        "turn_0_response": [{"tool": "search", "model": "gpt-5", "query": "17%", "search_results_data": ["a", "b"]}],
        "turn_1_response": [{"tool": "enhance_reasoning", "generated_code": "print(1)", "exec_result": "1"}],
        "turn_3_response": [{"tool": "answer", "model": "answer-1", "pred": "397.8", "response": "It is 397.8."}],
    },
    "all_message_responses": {
        "turn_0_message": {"content": "<think>x</think>", "tool_calls": [
            {"tool_name": "search", "tool_arguments": {"model": "search-1"}}]},
        "turn_1_message": {"content": None, "tool_calls": [
            {"tool_name": "enhance_reasoning", "tool_arguments": {"model": "reasoner-2"}}]},
        "turn_2_message": {"content": "hm", "tool_calls": []},
    },
}  # fmt: skip
