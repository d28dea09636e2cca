"""HTML: the main content without navigation, cut at headings and at defined terms that have an anchor."""

import re
from collections import Counter, defaultdict
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from orchestrator.documents.passage import Reading, Section, Unreadable
from orchestrator.documents.plain import read_text

_DROPPED: Final = (
    "script, style, noscript, template, svg, nav, header[role=banner], footer, aside, form, button, select, iframe, "
    "[role=navigation], [role=search], [aria-hidden=true], [hidden], a.headerlink, a.anchor, a.pilcrow, .sidebar, "
    ".sphinxsidebar, .navbar, .related, .footer, .toc, .breadcrumbs, #toc, #sidebar, #footer, div.noprint"
)
_HEADINGS: Final = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BLOCK_TAGS: Final = (
    "address article blockquote body caption center dd details div dl dt fieldset figcaption figure font "
    "h1 h2 h3 h4 h5 h6 hr li main ol p pre section summary table tbody td tfoot th thead tr ul"
)
_BLOCKS: Final = frozenset(_BLOCK_TAGS.split())
_RFC_PAGE: Final = re.compile(r"rfc\d+\b", re.IGNORECASE)
_DEEPEST: Final = 150
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]{0,80})")
_ENDLESS_TAGS: Final = (
    "a area base br col embed hr img input link meta param source track wbr p li dt dd td th tr thead tbody tfoot "
    "caption colgroup option optgroup rb rp rt rtc html head body"
)
_ENDLESS: Final = frozenset(_ENDLESS_TAGS.split())
"""Elements that are empty, or that the next one ends without being told."""
_REOPENED_TAGS: Final = "b big code em font i s small strike strong tt u"
_REOPENED: Final = frozenset(_REOPENED_TAGS.split())
"""Elements that every later block opens again where nobody closed them."""
_CROWDED: Final = re.compile(r"<[a-zA-Z](?:[^\s<>]*+\s++){30000}")
"""A tag with more attributes than anybody writes; each is compared with all before it."""
_HARMLESS: Final = 5_000
"""Tags that are read in no time however they are nested."""
_MOST_NESTING: Final = 1_000_000_000
_MOST_REOPENED: Final = 3_000_000
_SPACE = re.compile(r"\s+")
_PILCROW = re.compile(r"\s*[¶#§]\s*$")


def read_html(text: str, name: str) -> Reading:
    """The sections of an HTML page; `name` is its title where it has none. Raises Unreadable."""
    _check_nesting(text)
    page = LexborHTMLParser(text)
    title = page.css_first("title")
    for node in page.css(_DROPPED):
        node.decompose()
    body = _main(page)
    if body is None:
        return Reading(name, ())
    named = _named(body.css_first("h1"), title) or name
    preformatted = body.css("pre")
    if preformatted and not body.css_first("p, li, td") and body.css_first("h2, h3") is None:
        for rule in body.css("hr"):
            rule.replace_with("\f\n")
        return read_text(body.text(), named if not _RFC_PAGE.match(name) else name)
    walk = _Walk()
    walk.into(body, 0)
    return Reading(named, tuple(s for s in walk.sections if s.blocks))


def _check_nesting(text: str) -> None:
    """Raises Unreadable where parsing would take minutes."""
    if len(text) > 60_000 and _CROWDED.search(text):
        raise Unreadable("a tag has too many attributes to be read; save it as text")
    if text.count("<") > _HARMLESS and _too_deep(text):
        raise Unreadable("its elements are nested too deep to be read; save it as text")


def _too_deep(text: str) -> bool:
    """The time of parsing grows with how deep each tag stands, summed up."""
    opened: defaultdict[str, list[str]] = defaultdict(list)
    alike: Counter[str] = Counter()  # of those that are alike, three at most are opened again: their kinds count
    depth = nesting = reopened = 0
    for closes, name, attributes in (match.groups() for match in _TAG.finditer(text)):
        tag = name.lower()
        nesting += depth
        if tag in _BLOCKS:
            reopened += len(alike)
        if tag in _ENDLESS or (closes and not opened[tag]):
            continue
        kind = opened[tag].pop() if closes else f"{tag}{attributes}"
        if not closes:
            opened[tag].append(kind)
        depth += -1 if closes else 1
        if tag in _REOPENED:
            _count(alike, kind, -1 if closes else 1)
    return nesting > _MOST_NESTING or reopened > _MOST_REOPENED


def _count(alike: Counter[str], kind: str, change: int) -> None:
    alike[kind] += change
    if not alike[kind]:
        del alike[kind]


def _main(page: LexborHTMLParser) -> LexborNode | None:
    for choice in ("[role=main]", "main", "article"):
        found = page.css(choice)
        if len(found) == 1:
            return found[0]
    return page.body


def _named(heading: LexborNode | None, title: LexborNode | None) -> str:
    """What the page calls itself: its first heading, unless that is a mere number that the title explains."""
    stated = _clean(title.text()) if title is not None else ""
    first = _clean(heading.text()) if heading is not None else ""
    number = len(first) < 12 and any(c.isdigit() for c in first) and stated.startswith(first)
    return stated if number or not first else first


def _clean(text: str) -> str:
    return _PILCROW.sub("", _SPACE.sub(" ", text)).strip()


class _Walk:
    """Goes through the blocks of a page in order and gathers them under the heading they stand below."""

    def __init__(self) -> None:
        self.sections = [Section()]
        self._term = ""
        self._columns: list[str] = []

    def into(self, node: LexborNode, depth: int) -> None:
        loose: list[str] = []
        for child in node.iter(include_text=True):
            if child.tag in _BLOCKS:
                self._block("".join(loose))
                loose = []
                self._take(child, depth + 1)
            elif child.tag == "br":
                loose.append("\n")
            else:
                loose.append(child.text() if child.tag != "-text" else child.text_content or "")
        self._block("".join(loose))

    def _take(self, node: LexborNode, depth: int) -> None:
        tag = node.tag
        if tag in _HEADINGS or _is_term(node):
            self._term = ""
            self.sections.append(Section(_clean(node.text()), _anchor(node)))
            if tag == "dt":
                self.sections[-1].blocks.append(_clean(node.text()))
        elif tag == "dt":
            self._term = _clean(node.text()).rstrip(":")
        elif tag == "pre":
            self._code(node.text().strip("\n"))
        elif tag == "tr":
            self._row(node)
        elif depth > _DEEPEST or not _has_blocks(node):
            self._block(node.text())
        else:
            if tag == "table":
                self._columns = []
            self.into(node, depth)

    def _code(self, code: str) -> None:
        if code.strip():
            self.sections[-1].blocks.append(code)

    def _row(self, node: LexborNode) -> None:
        """A row of a table: each cell after the name of its column, where the table names them."""
        cells = list(node.iter())
        texts = [_clean(cell.text()) for cell in cells]
        if cells and all(cell.tag == "th" for cell in cells):
            self._columns = texts
        elif len(texts) == len(self._columns):
            self._block("; ".join(f"{c}: {t}" if c else t for c, t in zip(self._columns, texts, strict=True) if t))
        else:
            self._block(" | ".join(text for text in texts if text))

    def _block(self, text: str) -> None:
        """A paragraph; the first below a term of a list begins with the term."""
        text = _clean(text)
        if text:
            self.sections[-1].blocks.append(f"{self._term}: {text}" if self._term else text)
            self._term = ""


def _is_term(node: LexborNode) -> bool:
    """A defined term with an anchor; entries of a bibliography are none."""
    return node.tag == "dt" and bool(node.attributes.get("id")) and not node.text().lstrip().startswith("[")


def _has_blocks(node: LexborNode) -> bool:
    return any(child.tag in _BLOCKS for child in node.iter())


def _anchor(node: LexborNode) -> str | None:
    """The id of a heading, of an anchor inside it, or of the section that it opens."""
    own = node.attributes.get("id")
    if own:
        return own
    inside = node.css_first("a[id], a[name], span[id]")
    if inside is not None:
        return inside.attributes.get("id") or inside.attributes.get("name")
    parent = node.parent
    if parent is not None and parent.tag in ("section", "div", "article"):
        return parent.attributes.get("id")
    return None
