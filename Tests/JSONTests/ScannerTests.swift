import JSON
import TestSupport
import Testing

struct `The scanner` {
    /// Scans in chunks of `size`; gives where the text ends, or nil if it does not.
    private func end(of text: [UInt8], chunk size: Int, scanner: JSONScanner = JSONScanner()) throws -> Int? {
        var scanner = scanner
        var start = 0
        while start < text.count {
            let chunk = Array(text[start..<min(start + size, text.count)])
            if let end = try chunk.withUnsafeBytes({ try scanner.scan($0) }) {
                #expect(scanner.length == start + end)
                return start + end
            }
            start += chunk.count
        }
        return nil
    }

    @Test(arguments: [
        "{}", "[]", #"{"a":"}"}"#, #"["\"]"]"#, #"["\\"]"#, "[\n\n1,\r\n{\"a\" : [true,false,null,-1.5E+3]}\n]",
        #"{"é😀":"\u005d"}"#,
    ])
    func `finds the end whatever the chunks and whatever follows`(text: String) throws {
        for follower in ["", " ", "\n", "{}", "]", "x"] {
            for size in 1...(text.utf8.count + 1) {
                #expect(try end(of: Array((text + follower).utf8), chunk: size) == text.utf8.count)
            }
        }
    }

    @Test(arguments: ["", "{", "[1,2", #"{"a":"}"#, #"["\"]"#, "[[]"])
    func `waits for the end of what is not whole`(text: String) throws {
        #expect(try end(of: Array(text.utf8), chunk: 3) == nil)
    }

    @Test(arguments: ["1", "x", " {}", "]", "{]", "[}", "[{]", "[\"\n", "[hello", "[1;", "[\u{0}", "[é", "GET /"])
    func `finds out early what cannot become a text`(text: String) {
        #expect(throws: JSONSyntaxError.self) { try end(of: Array(text.utf8), chunk: 1) }
    }

    @Test func `bounds depth and length`() throws {
        let scanner = JSONScanner(maximumDepth: 3, maximumLength: 10)
        #expect(try end(of: Array("[[[]]]".utf8), chunk: 2, scanner: scanner) == 6)
        #expect(throws: JSONSyntaxError(.tooDeep, offset: 3, reason: "nested deeper than 3 levels")) {
            try end(of: Array("[[[[".utf8), chunk: 2, scanner: scanner)
        }
        #expect(try end(of: Array("[12345678]".utf8), chunk: 4, scanner: scanner) == 10)
        #expect(throws: JSONSyntaxError(.tooLong, offset: 10, reason: "longer than 10 bytes")) {
            try end(of: Array("[123456789]".utf8), chunk: 4, scanner: scanner)
        }
    }

    @Test(arguments: 1...200)
    func `agrees with the parser on random texts, whole and damaged`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let value: JSON = ["root": randomValue(depth: 4, &random)]
        var text = Array((Bool.random(using: &random) ? value.text : value.pretty).utf8)
        #expect(try JSON(parsing: text) == value)
        #expect(try end(of: text + Array("{}".utf8), chunk: Int.random(in: 1...9, using: &random)) == text.count)

        text[Int.random(in: text.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
        // What is still a text ends in the same place; what the scanner takes beyond the grammar begins like one.
        if (try? JSON(parsing: text)) != nil {
            #expect(try end(of: text, chunk: 5) == text.count)
        } else if let end = try? end(of: text, chunk: 5), end == text.count {
            #expect(text.first == UInt8(ascii: "{"))
        }
    }

    private func randomValue(depth: Int, _ random: inout SeededGenerator) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .number(String(Int.random(in: -1_000_000...1_000_000, using: &random)))
        case 3: return .number(Double.random(in: -1e9...1e9, using: &random).description)
        case 4: return .string(randomText(&random))
        case 5:
            return .array(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in randomValue(depth: depth - 1, &random) }
            )
        default:
            let members = (0..<Int.random(in: 0...4, using: &random)).map {
                JSONObject.Member(name: "\($0)" + randomText(&random), value: randomValue(depth: depth - 1, &random))
            }
            return .object(JSONObject(members))
        }
    }

    private func randomText(_ random: inout SeededGenerator) -> String {
        let letters = Array("ab{}[]\",:\\/\n\u{1}\u{7F}é€😀 0")
        return String(
            (0..<Int.random(in: 0...8, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" }
        )
    }
}
