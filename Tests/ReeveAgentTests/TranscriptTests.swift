import JSON
import Testing

@testable import ReeveAgent

/// The conversations of `Protocol/transcripts`, held again with a running agent.
struct TranscriptTests {
    @Test(arguments: ["first-words", "task", "follow", "events", "service"])
    func `a transcript is what happens`(name: String) async throws {
        let lines = try ProtocolFile.text("transcripts/\(name).jsonl").split(separator: "\n").map { line in
            try JSON(parsing: String(line))
        }
        try #require(lines.count > 3)
        try await RunningAgent.with { agent in
            let connection = try RawConnection(agent.socketPath)
            var transcript = Transcript()
            for line in lines {
                if let request = line["send"] {
                    try connection.send(transcript.filled(request).text + "\n")
                } else if let wanted = line["receive"] {
                    let answer = try #require(try await connection.answer())
                    let differences = transcript.differences(wanted, answer)
                    #expect(differences == [], "\(answer.text)")
                } else if let wanted = line["receiveInAnyOrder"]?.array {
                    var answers: [JSON] = []
                    for _ in wanted { answers.append(try #require(try await connection.answer())) }
                    let isMatch = transcript.matches(wanted, answers)
                    #expect(isMatch, "\(answers.map(\.text))")
                }
            }
        }
    }
}

/// What the names in a transcript stand for: `$_` for anything, another one for what it stood for first.
private struct Transcript {
    /// Words for people, which may become better ones.
    private static let words: Set<String> = ["message", "reason", "expected", "hint", "explanation"]

    private var values: [String: JSON] = [:]

    func filled(_ value: JSON) -> JSON {
        switch value {
        case .string(let text): values[text] ?? value
        case .array(let elements): .array(elements.map(filled))
        case .object(let object):
            .object(JSONObject(object.members.map { .init(name: $0.name, value: filled($0.value)) }))
        default: value
        }
    }

    mutating func differences(_ wanted: JSON, _ value: JSON, _ path: String = "") -> [String] {
        switch (wanted, value) {
        case (.string("$_"), _): return []
        case (.string(let name), _) where name.hasPrefix("$"):
            let known = values[name] ?? value
            values[name] = known
            return known == value ? [] : ["\(path) is \(value.text), but \(name) was \(known.text)"]
        case (.array(let left), .array(let right)) where left.count == right.count:
            var found: [String] = []
            for (index, pair) in zip(left, right).enumerated() {
                found += differences(pair.0, pair.1, "\(path)/\(index)")
            }
            return found
        case (.object(let left), .object(let right)):
            return differences(left, right, path)
        default: return wanted == value ? [] : ["\(path) is \(value.text), not \(wanted.text)"]
        }
    }

    private mutating func differences(_ wanted: JSONObject, _ object: JSONObject, _ path: String) -> [String] {
        var found = object.members.filter { wanted[$0.name] == nil }.map { "\(path)/\($0.name) is new" }
        for member in wanted.members {
            let place = "\(path)/\(member.name)"
            guard let value = object[member.name] else {
                found.append("\(place) is missing")
                continue
            }
            if Self.words.contains(member.name), value.string != nil { continue }
            found += differences(member.value, value, place)
        }
        return found
    }

    /// Whether the answers are these, each once. What they bind is kept of the order that fits.
    mutating func matches(_ wanted: [JSON], _ answers: [JSON]) -> Bool {
        guard let first = wanted.first else { return answers.isEmpty }
        for (index, answer) in answers.enumerated() {
            var attempt = self
            var rest = answers
            rest.remove(at: index)
            guard attempt.differences(first, answer).isEmpty, attempt.matches(Array(wanted.dropFirst()), rest) else {
                continue
            }
            self = attempt
            return true
        }
        return false
    }
}
