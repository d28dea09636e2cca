"""LangGraph: the usual graph of a model node and a tool node, with ChatOpenAI. No checkpointer: nothing is kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from bench.measure import KEY, Plan, Trajectory, main, note, query


@tool
def lookup(topic: str) -> str:
    """Look a topic up in the notes."""
    return note(topic)


@asynccontextmanager
async def open_graph(plan: Plan) -> AsyncIterator[Trajectory]:
    model = ChatOpenAI(model="mock", base_url=plan.url, api_key=KEY, temperature=1, timeout=600, max_retries=0)
    with_tools = model.bind_tools([lookup])

    async def ask(state: MessagesState) -> MessagesState:
        return {"messages": [await with_tools.ainvoke(state["messages"])]}

    builder = StateGraph(MessagesState)
    builder.add_node("model", ask)
    builder.add_node("tools", ToolNode([lookup]))
    builder.add_edge(START, "model")
    builder.add_conditional_edges("model", tools_condition)
    builder.add_edge("tools", "model")
    graph = builder.compile()

    async def trajectory(number: int) -> int:
        messages = [("system", "You are good at using tools."), ("user", query("talk", number, plan))]
        state = await graph.ainvoke({"messages": messages}, {"recursion_limit": 2 * plan.steps + 5})
        return sum(isinstance(message, AIMessage) for message in state["messages"])

    yield trajectory


if __name__ == "__main__":
    main(open_graph, ["langgraph", "langchain-openai", "openai"])
