"""The magic 8-ball's only command."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel

from plugins.eightball import rules
from rosey import Context, Plugin, Refused
from rosey.texts import LanguageIn

plugin = Plugin("eightball")


class Settings(BaseModel):
    """In which language it answers."""

    language: Annotated[str, LanguageIn(Path(__file__).with_name("texts"))] = "en"


@plugin.command("8ball", "eightball", action="ask", usage="<question>", cooldown=3)
async def ask(ctx: Context) -> str:
    """Ask the magic 8-ball a question."""
    question = ctx.text.strip()
    if not question:
        raise Refused(ctx.phrase("ask", prefix=ctx.command.prefix))
    answer = rules.answer(ctx.random)
    ctx.event("question_answered", kind=rules.KINDS[answer])
    return rules.show(question, ctx.phrase(rules.KEYS[answer]), ctx.phrase)
