import JSON
import JSONRPC
import ReeveProtocol
import Testing

@testable import reeve

struct PrintingTests {
    private var table: Table {
        var table = Table("NAME", "EMPTY", "WHAT")
        table.add("a", Table.Cell(nil), "one\ttwo\n\u{1B}[31m")
        table.add("longer", Table.Cell(nil), Table.Cell("a sentence that has no end", .failure))
        return table
    }

    @Test func `a pipe gets tabs, a field for each column, and nothing that a terminal acts on`() {
        #expect(table.separated == "a\t-\tone two \u{FFFD}[31m\nlonger\t-\ta sentence that has no end\n")
    }

    @Test func `a terminal gets aligned columns without empty ones, the last one cut`() {
        #expect(
            table.aligned(width: 24, styled: false) == """
                NAME    WHAT
                a       one two �[31m
                longer  a sentence that…

                """
        )
    }

    @Test func `colours are only where they are wanted`() {
        #expect(!table.aligned(width: 80, styled: false).contains("\u{1B}"))
        #expect(table.aligned(width: 80, styled: true).contains("\u{1B}[1;31ma sentence"))
    }

    @Test(
        arguments: [
            ("2026-11-22T03:00:00+01:00", "2026-11-22 03:00:00 +01:00"),
            ("2026-11-22T03:00:00.120+01:00", "2026-11-22 03:00:00 +01:00"),
            ("2026-11-22T03:00:00.120Z", "2026-11-22 03:00:00 UTC"),
            ("2026-11-22T03:00:00-03:30", "2026-11-22 03:00:00 -03:30"),
        ]
    )
    func `a time is shown with its offset`(text: String, shown: String) {
        #expect(TimeText.readable(text) == shown)
    }

    @Test(
        arguments: [
            (0, "0ms"), (350, "350ms"), (12_345, "12.3s"), (60_000, "1m0s"), (1_211_000, "20m11s"),
            (12_000_000, "3h20m"), (356_400_000, "4d3h"),
        ]
    )
    func `a length has the digits that matter`(milliseconds: Int64, text: String) {
        #expect(TimeText.length(milliseconds) == text)
    }

    @Test func `times in the past are how long ago and RFC 3339, nothing else`() throws {
        let now = Timestamp(milliseconds: 1_000_000)
        #expect(try TimeText.past("5m", "--since", now: now) == "1970-01-01T00:11:40.000Z")
        #expect(try TimeText.past("1970-01-01T01:00:00+01:00", "--since", now: now) == "1970-01-01T00:00:00.000Z")
        #expect(try TimeText.past(nil, "--since", now: now) == nil)
        for option in ["--since", "--until", "--at"] {
            let failure = try #require(throws: CommandFailure.self) {
                try TimeText.past("yesterday", option, now: now)
            }
            #expect(failure.message == "\(option): \"yesterday\" is no time")
        }
    }

    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_363_149, "1.3 MiB"), (209_715_200, "200 MiB"),
    ])
    func `sizes are short`(bytes: Int, text: String) {
        #expect(ByteSize.words(bytes) == text)
    }

    @Test func `an error shows its message, path, what was expected and the hint`() {
        let error = RPCError(
            code: -32602,
            message: "/task/overlap: \"skipp\" is not one of the words",
            kind: "invalidParams",
            details: [
                "path": "/task/overlap", "reason": "\"skipp\" is not one of the words", "expected": "skip, queue",
                "hint": "did you mean \"skip\"?",
            ]
        )
        #expect(
            CommandFailure(error).text(styled: false) == """
                reeve: /task/overlap: "skipp" is not one of the words
                  expected: skip, queue
                  hint:     did you mean "skip"?
                """
        )
        #expect(CommandFailure(error).json == error.json)
    }

    @Test(
        arguments: [("", []), ("aGVsbG8=", Array("hello".utf8)), ("/+8A", [0xFF, 0xEF, 0x00])] as [(String, [UInt8])]
    )
    func `output that is no text comes as base64`(text: String, bytes: [UInt8]) throws {
        #expect(try OutputPiece(item: ["data": .string(text), "encoding": "base64"]).bytes == bytes)
    }

    @Test(arguments: [("a\nb\nc\n", 2, 2), ("a\nb\nc", 2, 2), ("a\nb\n", 5, 0), ("", 1, 0), ("a\nb\n", 1, 2)])
    func `the last lines begin behind a newline`(text: String, lines: Int, start: Int) {
        #expect(OutputPiece.start(ofLast: lines, in: Array(text.utf8)) == start)
    }
}
