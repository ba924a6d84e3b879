import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveLaunch

/// What tries of a probe make of health, and how a text is found in an output.
struct ProbeTests {
    private func machine(threshold: Int = 3, startPeriod: Interval? = nil) -> ProbeMachine {
        var definition = ProbeDefinition(.tcp("localhost:80"))
        definition.threshold = threshold
        definition.startPeriod = startPeriod
        return ProbeMachine(definition)
    }

    @Test func `one success is healthy, and is told once`() {
        var machine = machine()
        #expect(machine.tried(.success, age: .zero) == .healthy)
        #expect(machine.tried(.success, age: .seconds(1)) == nil)
    }

    @Test func `only so many failures in a row are unhealthy`() {
        var machine = machine()
        _ = machine.tried(.success, age: .zero)
        #expect(machine.tried(.failure("a"), age: .seconds(1)) == nil)
        #expect(machine.tried(.failure("b"), age: .seconds(2)) == nil)
        #expect(machine.tried(.success, age: .seconds(3)) == nil)
        for _ in 0..<2 { #expect(machine.tried(.failure("c"), age: .seconds(4)) == nil) }
        #expect(machine.tried(.failure("d"), age: .seconds(5)) == .unhealthy("3 tries failed, the last: d"))
        #expect(machine.tried(.failure("e"), age: .seconds(6)) == nil)
        #expect(machine.tried(.success, age: .seconds(7)) == .healthy)
    }

    @Test func `in the start period failures do not count, until the first success`() {
        var machine = machine(threshold: 1, startPeriod: .seconds(10))
        #expect(machine.tried(.failure("a"), age: .seconds(9)) == nil)
        #expect(machine.tried(.failure("a"), age: .seconds(10)) == .unhealthy("a"))
        machine = self.machine(threshold: 1, startPeriod: .seconds(10))
        #expect(machine.tried(.success, age: .seconds(1)) == .healthy)
        #expect(machine.tried(.failure("a"), age: .seconds(2)) == .unhealthy("a"))
    }

    // MARK: A line

    @Test func `a text is found however its output is cut`() {
        let text = Array("one\nserver is ready now\ntwo\n".utf8)
        for cut in 0...text.count {
            var search = LineSearch("is ready")
            let first = search.take(Array(text[..<cut]), of: .output)
            let second = search.take(Array(text[cut...]), of: .output)
            #expect(first || second)
        }
    }

    @Test func `a text does not go over from one line, or one stream, to another`() {
        var search = LineSearch("isready")
        #expect(search.take(Array("is\nready".utf8), of: .output) == false)
        search = LineSearch("isready")
        #expect(search.take(Array("is".utf8), of: .output) == false)
        #expect(search.take(Array("ready".utf8), of: .error) == false)
        #expect(search.take(Array("ready".utf8), of: .output) == true)
    }

    @Test func `a line without an end costs no memory, and is still searched`() {
        var search = LineSearch("xy")
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 65_536)
        for _ in 0..<32 { #expect(search.take(piece, of: .output) == false) }
        #expect(search.take([UInt8(ascii: "y")], of: .output) == true)
    }

    @Test func `a search finds what a plain search finds`() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                "ab\n".utf8.randomElement(using: &generator)!
            }
            let wanted = String(
                decoding: (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                    "ab".utf8.randomElement(using: &generator)!
                },
                as: UTF8.self
            )
            var search = LineSearch(wanted)
            var found = false
            var rest = text[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...5, using: &generator))
                rest = rest.dropFirst(piece.count)
                if search.take(Array(piece), of: .output) { found = true }
            }
            #expect(found == String(decoding: text, as: UTF8.self).contains(wanted))
        }
    }
}
