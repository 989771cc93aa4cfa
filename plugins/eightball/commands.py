"""The magic 8-ball's only command."""

from plugins.eightball import rules
from rosey import Context, Plugin, Refused

plugin = Plugin("eightball")


@plugin.command("8ball", "eightball", action="ask", usage="<question>", cooldown=3)
async def ask(ctx: Context) -> str:
    """Ask the magic 8-ball a question."""
    question = ctx.text.strip()
    if not question:
        raise Refused(f"Ask me something, for example: {ctx.command.prefix}8ball Will it rain?")
    answer = rules.answer(ctx.random)
    ctx.event("question_answered", kind=rules.KINDS[answer])
    return rules.show(question, answer)
