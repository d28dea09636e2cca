"""Pydantic AI: one Agent with one tool on the OpenAI chat model. No durable execution: nothing is kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.usage import UsageLimits

from bench.measure import KEY, Plan, Trajectory, main, note, query


def lookup(topic: str) -> str:
    """Look a topic up in the notes."""
    return note(topic)


@asynccontextmanager
async def open_agent(plan: Plan) -> AsyncIterator[Trajectory]:
    async with AsyncOpenAI(base_url=plan.url, api_key=KEY, timeout=600, max_retries=0) as client:
        model = OpenAIChatModel("mock", provider=OpenAIProvider(openai_client=client))
        agent = Agent(model, instructions="You are good at using tools.", tools=[lookup])
        limits = UsageLimits(request_limit=None)

        async def trajectory(number: int) -> int:
            result = await agent.run(query("talk", number, plan), usage_limits=limits)
            return result.usage.requests

        yield trajectory


if __name__ == "__main__":
    main(open_agent, ["pydantic-ai-slim", "openai"])
