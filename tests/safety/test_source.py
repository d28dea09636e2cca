"""What the source does not do, looked for in its syntax: no data in templates, no code from data, no foreign markup."""

import ast
import re
from functools import cache

import pytest

from tests.page.conftest import ROOT
from webapp.exports.kinds import FILE_FORMATS, JSONL, MARKDOWN, PARQUET, summaries

PACKAGES = ("orchestrator", "prefs", "storage", "webapp")
PYTHON = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
BROWSER = sorted(path for path in (ROOT / "webapp").rglob("*") if path.suffix in (".js", ".html"))

FORBIDDEN_CALLS = {
    "eval", "exec", "compile", "__import__", "pickle.load", "pickle.loads", "marshal.load", "marshal.loads",
    "shelve.open", "dill.load", "joblib.load", "yaml.load", "yaml.unsafe_load", "torch.load",
    "numpy.load", "np.load", "os.system", "os.popen", "tempfile.mktemp", "subprocess.getoutput",
}  # fmt: skip
FORBIDDEN_MODULES = {
    "pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "yaml", "telnetlib", "ftplib", "xml", "xmlrpc",
    "imp", "markdown", "bleach",
}  # fmt: skip
UNSAFE_OPTIONS = {
    ("sanitize_html", False), ("sanitize", False), ("show_error", True), ("run_history", True), ("api_open", True),
    ("allow_credentials", True), ("verify", False), ("shell", True), ("autoescape", False), ("share", True),
    ("debug", True), ("mcp_server", True), ("hide_parameters", False), ("trust_remote_code", True),
    ("weights_only", False), ("render_markdown", True), ("unsafe_allow_html", True), ("ssr_mode", True),
    ("show_api", True),
}  # fmt: skip
UNSAFE_COMPONENTS = {
    "Chatbot", "Dataframe", "DataFrame", "DeepLinkButton", "State", "File", "UploadButton", "FileExplorer", "load",
    "Image", "LoginButton", "DownloadButton", "MultimodalTextbox", "Audio", "Video", "Gallery", "Workflow", "Server",
}  # fmt: skip
"""Parts of Gradio that show Markdown of others, keep sessions in memory, open files or write to disk."""


@cache
def walked() -> list[tuple[str, ast.AST]]:
    """Every node of interest with its place, read once."""
    found: list[tuple[str, ast.AST]] = []
    for path in PYTHON:
        name = path.relative_to(ROOT).as_posix()
        found += [
            (f"{name}:{node.lineno}", node)
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call | ast.Import | ast.ImportFrom | ast.Constant)
        ]
    return found


@cache
def calls() -> list[tuple[str, ast.Call, str]]:
    return [(where, node, ast.unparse(node.func)) for where, node in walked() if isinstance(node, ast.Call)]


def test_there_is_a_source_to_look_at() -> None:
    assert len(PYTHON) > 300
    assert len(BROWSER) > 50


def test_no_data_is_run_as_code() -> None:
    found = {f"{where.partition(':')[0]} {name}" for where, _, name in calls() if name in FORBIDDEN_CALLS}
    assert found == IN_TRAINING


IN_TRAINING = {
    "orchestrator/training/base_request.py compile",  # looks for mistakes in a program, and does not run it
    "orchestrator/training/course.py torch.load",  # the state that a training left in its own folder
}


def test_nothing_that_runs_what_it_reads_is_imported() -> None:
    named = [(where, alias.name) for where, node in walked() if isinstance(node, ast.Import) for alias in node.names]
    named += [(where, node.module or "") for where, node in walked() if isinstance(node, ast.ImportFrom)]
    assert [one for one in named if one[1].partition(".")[0] in FORBIDDEN_MODULES] == []


def test_no_option_opens_what_is_closed() -> None:
    found = [
        (where, keyword.arg)
        for where, call, _ in calls()
        for keyword in call.keywords
        if isinstance(keyword.value, ast.Constant) and (keyword.arg, keyword.value.value) in UNSAFE_OPTIONS
        if not where.startswith("orchestrator/training/")
    ]
    assert found == []


def test_the_page_is_made_of_parts_that_take_no_markup_of_others() -> None:
    used = [(where, name) for where, _, name in calls() if name.startswith(("gr.", "gradio."))]
    assert len(used) > 40
    assert [one for one in used if one[1].partition(".")[2] in UNSAFE_COMPONENTS] == []


def test_components_of_html_are_made_in_one_place_from_a_template_that_holds_no_data() -> None:
    made = [(where, call) for where, call, name in calls() if name.endswith(("gr.HTML", "gradio.HTML"))]
    assert [where.partition(":")[0] for where, _ in made] == ["webapp/ui/island.py"]
    options = {keyword.arg: keyword.value for keyword in made[0][1].keywords}
    assert "css_template" not in options
    template = options["html_template"]
    assert isinstance(template, ast.JoinedStr)
    filled = [ast.unparse(part.value) for part in template.values if isinstance(part, ast.FormattedValue)]
    assert set(filled) == {"name"}
    islands = [call for _, call, name in calls() if name == "_island"]
    assert len(islands) > 5
    for call in islands:
        assert all(isinstance(argument, ast.Constant) for argument in call.args[:2]), ast.unparse(call)


def test_no_template_of_gradio_is_interpolated() -> None:
    texts = [(where, node.value) for where, node in walked() if isinstance(node, ast.Constant)]
    assert [
        where for where, text in texts if isinstance(text, str) and re.search(r"\{\{\s*value\b|\$\{\s*value\b", text)
    ] == []


def test_the_page_says_how_it_is_mounted() -> None:
    text = (ROOT / "webapp/ui/mount.py").read_text("utf-8")
    for said in ("api_open=False", "show_error=False", "run_history=False", "footer_links=[]", "ssr_mode=False"):
        assert said in text


@pytest.mark.parametrize(
    "sink",
    [
        r"\.innerHTML\s*[+]?=", r"\.outerHTML\s*=", r"insertAdjacentHTML", r"document\.write", r"\beval\(",
        r"new Function", r"setTimeout\(\s*[\"'`]", r"createContextualFragment", r"DOMParser", r"\.srcdoc\b",
        r"setHTMLUnsafe",
    ],
)  # fmt: skip
def test_no_script_of_the_page_makes_markup_of_texts(sink: str) -> None:
    assert [path.name for path in BROWSER if re.search(sink, path.read_text("utf-8"))] == []


def test_templates_escape_all_but_our_own_files() -> None:
    unescaped = {
        (path.name, found)
        for path in BROWSER
        for found in re.findall(r"\{\{\s*([^}]*\|\s*safe[^}]*)\}\}", path.read_text("utf-8"))
    }
    assert {(name, found.replace(" ", "")) for name, found in unescaped} <= {
        ("leave_behind.html", f"{own}|safe") for own in ("hash", "style", "script", "talk")
    }
    made = [call for _, call, name in calls() if name in ("Environment", "jinja2.Environment")]
    pages = [call for call in made if any(keyword.arg == "autoescape" for keyword in call.keywords)]
    assert len(pages) >= 3
    assert [name for _, _, name in calls() if name in ("Markup", "markupsafe.Markup")] == []


def test_nothing_is_exported_that_a_spreadsheet_takes_formulas_from() -> None:
    assert set(FILE_FORMATS) == {"jsonl", "parquet"}
    assert {JSONL, PARQUET, MARKDOWN} == {
        "application/x-ndjson",
        "application/vnd.apache.parquet",
        "text/markdown; charset=utf-8",
    }
    assert not {kind for kind in summaries() if "csv" in kind or "tsv" in kind}
    texts = {node.value for _, node in walked() if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert not {
        text for text in texts if text.startswith(("text/csv", "text/tab-separated", "application/vnd.ms-excel"))
    }


def test_a_library_that_reports_its_use_is_told_not_to_before_it_is_loaded() -> None:
    doors = [path for path in PYTHON if "import onnxruntime" in path.read_text("utf-8")]
    assert len(doors) == 2
    for path in doors:
        before = path.read_text("utf-8").partition("import onnxruntime")[0]
        assert 'os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")' in before.splitlines()[-2]
