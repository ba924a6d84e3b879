import TestSupport
import Testing

@testable import ReeveWorkers

struct AgendaTests {
    @Test func `what is due comes out by its time, and of the same time by when it was named`() {
        var agenda = Agenda<String>()
        for (item, second) in [("c", 3), ("a", 1), ("d", 3), ("b", 2)] {
            let key = agenda.key(for: .seconds(second))
            agenda.add(item, as: key)
        }
        #expect(agenda.next == .seconds(1))
        #expect(agenda.due(at: .milliseconds(999)) == [])
        #expect(agenda.due(at: .seconds(2)) == ["a", "b"])
        #expect(agenda.next == .seconds(3))
        #expect(agenda.due(at: .seconds(9)) == ["c", "d"])
        #expect(agenda.next == nil)
    }

    @Test func `what is taken back does not come out, and is taken back once`() {
        var agenda = Agenda<String>()
        let keys = ["a", "b", "c"].map { item in
            let key = agenda.key(for: .seconds(1))
            agenda.add(item, as: key)
            return key
        }
        let never = agenda.key(for: .seconds(1))
        #expect(agenda.remove(never) == nil)
        #expect(agenda.remove(keys[1]) == "b")
        #expect(agenda.remove(keys[1]) == nil)
        #expect(agenda.due(at: .seconds(1)) == ["a", "c"])
        #expect(agenda.remove(keys[0]) == nil)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `does as a list that is searched from end to end`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var agenda = Agenda<Int>()
        var model: [(key: Agenda<Int>.Key, item: Int)] = []
        for item in 0..<500 {
            switch Int.random(in: 0..<4, using: &generator) {
            case 0, 1:
                let key = agenda.key(for: .seconds(Int.random(in: 0..<50, using: &generator)))
                agenda.add(item, as: key)
                model.append((key, item))
            case 2:
                guard let place = model.indices.randomElement(using: &generator) else { continue }
                #expect(agenda.remove(model[place].key) == model.remove(at: place).item)
            default:
                let time = Duration.seconds(Int.random(in: 0..<50, using: &generator))
                let due = model.filter { $0.key.time <= time }.sorted { $0.key < $1.key }.map(\.item)
                model.removeAll { $0.key.time <= time }
                #expect(agenda.due(at: time) == due)
            }
            #expect(agenda.count == model.count)
            #expect(agenda.next == model.map(\.key.time).min())
        }
    }
}
