"""The floor: a tool-calling loop on aiohttp and json, nothing kept. History grows as in the frameworks."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from bench.measure import Plan, Trajectory, main, note, query

SYSTEM = {"role": "system", "content": "You are good at using tools."}
LOOKUP = {
    "type": "function",
    "function": {
        "name": "lookup",
        "description": "Look a topic up in the notes.",
        "parameters": {"type": "object", "properties": {"topic": {"type": "string"}}, "required": ["topic"]},
    },
}


@asynccontextmanager
async def open_loop(plan: Plan) -> AsyncIterator[Trajectory]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def trajectory(number: int) -> int:
            messages = [SYSTEM, {"role": "user", "content": query("talk", number, plan)}]
            steps = 0
            while True:
                request = {"model": "mock", "messages": messages, "tools": [LOOKUP], "temperature": 1, "seed": number}
                async with session.post(f"{plan.url}/chat/completions", json=request) as response:
                    response.raise_for_status()
                    message = (await response.json())["choices"][0]["message"]
                steps += 1
                messages.append(message)
                if not message.get("tool_calls"):
                    return steps
                call = message["tool_calls"][0]
                text = note(json.loads(call["function"]["arguments"])["topic"])
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": text})

        yield trajectory


if __name__ == "__main__":
    main(open_loop, ["aiohttp"])
