"""Text."""

from __future__ import annotations

from typing import Final

from lazulite.kql.functions.record import REFUSAL, Function, function, local, sig


def _text(name: str, doc: str, template: str, example: str, named: str = "") -> Function:
    return function(name, doc, sig("text -> string", template), example=f"print {name}({example})", named=named)


def _names(count: str) -> str:
    """SQL: the names of so many groups, as RowField knows them."""
    return "[" + ", ".join(f"'f{at}'" for at in range(int(count.partition("::")[0]))) + "]"


def _groups_of_all(arguments: list[str]) -> str:
    """SQL: an array for each match, with its groups."""
    pattern, text, *groups = arguments
    lists = [f"regexp_extract_all({text}, {pattern}, {group}::INTEGER)" for group in groups]
    match = ", ".join(f"{one}[i]" for one in lists)
    return f"list_transform(range(1, len({lists[0]}) + 1), lambda i: [{match}])::VARIANT"


def _overlapping(text: str, wanted: str, unused: int) -> int | None:
    """Every place where it begins."""
    if not wanted:
        return None
    count, at = 0, text.find(wanted)
    while at >= 0:
        count, at = count + 1, text.find(wanted, at + 1)
    return count


def _regex_place(arguments: list[str]) -> str:
    """SQL: matches are marked with a control character, and the parts before the wanted one are measured.

    A text that has the character itself is an error: its places would be wrong.
    """
    text, pattern, start, length, occurrence = (
        *arguments,
        *("0::BIGINT", "-1::BIGINT", "1::BIGINT")[len(arguments) - 2 :],
    )
    part = f"substring({text}, {start} + 1, CASE WHEN {length} < 0 THEN length({text}) ELSE {length} END)"
    marked = f"string_split(regexp_replace({part}, {pattern}, chr(1) || '\\0', 'g'), chr(1))"
    before = f"list_sum(list_transform(p[1:{occurrence}], lambda q: length(q)))::BIGINT"
    return (
        f"CASE WHEN {start} < 0 OR {occurrence} < 0 OR {length} < -1 THEN NULL "
        f"WHEN contains({text}, chr(1)) THEN error('{REFUSAL}indexof_regex() of a text with the character U+0001') "
        f"ELSE list_transform([{marked}], lambda p: CASE WHEN len(p) <= {occurrence} OR {occurrence} < 1 "
        f"THEN -1::BIGINT ELSE {start} + {before} END)[1] END"
    )


# Kusto counts from 0 and takes a negative start from the end; SQL counts from 1.
SUBSTRING: Final = "substring({0}, CASE WHEN {1} < 0 THEN greatest(length({0}) + {1}, 0) ELSE {1} END + 1"
FUNCTIONS: Final[tuple[Function, ...]] = (
    _text("toupper", "In capitals.", "upper({0})", '"aBc"'),
    _text("tolower", "In small letters.", "lower({0})", '"aBc"'),
    _text("reverse", "Backwards.", "reverse({0})", '"abc"'),
    function(
        "strlen",
        "How many characters.",
        sig("text -> long", "length({0})"),
        named="name_first",
        example='print strlen("abc")',
    ),
    function(
        "string_size",
        "How many bytes in UTF-8.",
        sig("text -> long", "strlen({0})"),
        named="name_first",
        example='print string_size("abc")',
    ),
    function(
        "strcat",
        "All arguments as text, one after another.",
        sig("text+ -> string", lambda a: "(" + " || ".join(a) + ")"),
        null="null is an empty text",
        example='print strcat("a", 1, 1.5)',
    ),
    function(
        "strcat_delim",
        "The arguments after the first, as text, with the first between them.",
        sig("text, text, text+ -> string", "concat_ws({*})"),
        null="null is an empty text",
        example='print strcat_delim("-", 1, "x")',
    ),
    function(
        "substring",
        "A part, from a position counted from 0 (from the end when negative).",
        sig("text, long -> string", SUBSTRING + ")"),
        sig("text, long, long -> string", SUBSTRING + ", greatest({2}, 0))"),
        example='print substring("abcdef", 2, 3)',
    ),
    function(
        "replace_string",
        "Every occurrence of a text replaced.",
        sig("text, text, text -> string", "CASE WHEN {1} = '' THEN {0} ELSE replace({0}, {1}, {2}) END"),
        example='print replace_string("a.b", ".", "-")',
    ),
    function(
        "replace_regex",
        "Every match of a regular expression replaced; \\1 is a group.",
        sig("text, string, string -> string", "regexp_replace({0}, {1}, {2}, 'g')"),
        example='print replace_regex("a1b22", @"\\d+", "#")',
        aliases=("replace",),
    ),
    function(
        "trim",
        "Without the matches of a regular expression at both ends.",
        sig(
            "string, text -> string",
            "regexp_replace(regexp_replace({1}, '^(?:' || {0} || ')', ''), '(?:' || {0} || ')$', '')",
        ),
        example='print trim("-+", "--x--")',
    ),
    function(
        "trim_start",
        "Without the match of a regular expression at the start.",
        sig("string, text -> string", "regexp_replace({1}, '^(?:' || {0} || ')', '')"),
        example='print trim_start("-+", "--x--")',
    ),
    function(
        "trim_end",
        "Without the match of a regular expression at the end.",
        sig("string, text -> string", "regexp_replace({1}, '(?:' || {0} || ')$', '')"),
        example='print trim_end("-+", "--x--")',
    ),
    function(
        "strrep",
        "Repeated, at most 1,024 times, with a text between.",
        sig("text, long -> string", "repeat({0}, CASE WHEN {1} < 1024 THEN {1} WHEN {1} >= 1024 THEN 1024 END)"),
        sig(
            "text, long, string! -> string",
            "CASE WHEN {1} > 0 THEN repeat({0} || {2}, least({1}, 1024) - 1) || {0} ELSE '' END",
        ),
        example='print strrep("ab", 3)',
    ),
    function(
        "strcmp",
        "-1, 0 or 1 as the first is before, equal to or after the second.",
        sig("text, text -> long", "(CASE WHEN {0} < {1} THEN -1 WHEN {0} = {1} THEN 0 ELSE 1 END)::BIGINT"),
        example='print strcmp("a", "b")',
    ),
    function(
        "countof",
        'How often a text is found, overlaps counted, or (with "regex") matches of a regular expression.',
        kind="special",
        example='print countof("ababa", "aba"), countof("abcabc", "a.c", "regex")',
    ),
    function(
        "$countof",
        "How often a text is found that cannot overlap itself.",
        sig(
            "text, text -> long",
            "((length({0}) - length(replace({0}, {1}, ''))) // nullif(length({1}), 0))::BIGINT",
            total=False,
        ),
        local("text, text, long -> long", _overlapping),
        sig("text, string -> long", "len(regexp_extract_all({0}, {1}))::BIGINT"),
        kind="internal",
    ),
    function(
        "indexof_regex",
        "Where a match of a regular expression begins, from 0, or -1.",
        sig("text, string! -> long", _regex_place),
        sig("text, string!, long -> long", _regex_place, total=False),
        sig("text, string!, long, long -> long", _regex_place, total=False),
        sig("text, string!, long, long, long -> long", _regex_place, total=False),
        null="null for a negative start or occurrence, or a length below -1",
        example='print indexof_regex("abcabc", @"c.b", 1)',
    ),
    function(
        "regex_quote",
        "The text as a regular expression that matches just it.",
        sig("text -> string", "regexp_escape({0})"),
        example='print regex_quote("(a.b)")',
    ),
    function(
        "extract",
        "A group of the first match of a regular expression.",
        sig("string, long!, text -> string", lambda a: f"regexp_extract({a[2]}, {a[0]}, ({a[1]})::INTEGER)"),
        null="empty without a match",
        aliases=("$extract",),
        example='print extract("x=([0-9]+)", 1, "x=12")',
    ),
    function(
        "isascii",
        "Whether all characters are ASCII.",
        sig("text -> bool", "regexp_full_match({0}, '[[:ascii:]]*')"),
        example='print isascii("a")',
    ),
    function(
        "isutf8",
        "Whether the text is UTF-8: always.",
        sig("text -> bool", "({0} IS NOT NULL)"),
        example='print isutf8("a")',
    ),
    function(
        "base64_encode_tostring",
        "The text's bytes in base64.",
        sig("text -> string", "to_base64(encode({0}))"),
        example='print base64_encode_tostring("Kusto")',
        aliases=("base64_encodestring",),
    ),
    function(
        "url_decode", "Percent-decoded.", sig("text -> string", "url_decode({0})"), example='print url_decode("a%20b")'
    ),
    function(
        "$extract_all",
        "One group of every match.",
        sig("string!, text, long! -> dynamic", "regexp_extract_all({1}, {0}, {2}::INTEGER)::VARIANT"),
        sig("string!, text, long!+ -> dynamic", _groups_of_all),
        kind="internal",
    ),
    function(
        "$part",
        "One part of a split text, from 1 or from the end.",
        sig("string, string, long -> string", "split_part({0}, {1}, {2}::INTEGER)"),
        kind="internal",
    ),
    function(
        "$groups",
        "The groups of a match, for parse.",
        sig("string, string, long -> bool", "regexp_matches({0}, {1})"),
        sig("string, string, long -> row", lambda a: f"regexp_extract({a[0]}, {a[1]}, {_names(a[2])})"),
        kind="internal",
    ),
)
