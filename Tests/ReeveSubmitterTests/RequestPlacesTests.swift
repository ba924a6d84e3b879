import Testing

@testable import ReeveSubmitter

struct RequestPlacesTests {
    /// Takes what there is for an endpoint; the rest waits. Answers how many places it has.
    private func fill(_ places: inout RequestPlaces, _ endpoint: String, asking count: Int = 100) -> Int {
        for ticket in 0..<count { _ = places.ask(ticket, endpoint) }
        return places.taken[endpoint] ?? 0
    }

    @Test func `one endpoint has its own place, and no more than half of the others`() {
        var places = RequestPlaces(limit: 20)
        _ = places.endpointsChanged(4)
        #expect(fill(&places, "a") == 1 + 8)
        #expect(fill(&places, "b") == 1 + 4)
        #expect(fill(&places, "c") == 1 + 2)
        // Who comes last finds some as well.
        #expect(fill(&places, "d") == 1 + 1)
        #expect(places.inUse <= 20)
    }

    @Test func `the place of its own is there however many hang`() {
        var places = RequestPlaces(limit: 8)
        _ = places.endpointsChanged(50)
        for endpoint in 0..<50 { #expect(fill(&places, "\(endpoint)", asking: 3) == 1) }
        #expect(places.inUse == 50)
        #expect(places.giveBack("7").count == 1)
    }

    @Test func `whoever has least is next, and of these whoever has waited for longest`() {
        var places = RequestPlaces(limit: 6)
        _ = places.endpointsChanged(2)
        #expect(places.ask(1, "a") && places.ask(2, "a") && places.ask(3, "a"))
        #expect(places.ask(4, "b") && places.ask(5, "b"))
        #expect(!places.ask(6, "a") && !places.ask(7, "b") && !places.ask(8, "b"))
        #expect(places.taken == ["a": 3, "b": 2])
        #expect(places.giveBack("b") == [7])
        // Now both have 2.
        #expect(places.giveBack("a") == [6])
    }

    @Test func `who gives up waiting is passed over`() {
        var places = RequestPlaces(limit: 2)
        _ = places.endpointsChanged(1)
        #expect(places.ask(1, "a") && places.ask(2, "a") && !places.ask(3, "a") && !places.ask(4, "a"))
        #expect(places.withdraw(3, "a") && !places.withdraw(3, "a") && !places.withdraw(1, "a"))
        #expect(places.waiting(of: "a") == 1)
        #expect(places.giveBack("a") == [4])
        #expect(places.giveBack("a") == [] && places.giveBack("a") == [])
        #expect(places.inUse == 0)
    }

    @Test func `whatever happens: not too many, nobody without a place of its own, nobody waits in vain`() {
        var random = SplitMix(seed: 7)
        for _ in 0..<200 {
            var places = RequestPlaces(limit: Int.random(in: 1...30, using: &random))
            let names = (0..<Int.random(in: 1...12, using: &random)).map(String.init)
            _ = places.endpointsChanged(names.count)
            var holders: [Int: String] = [:]
            var waiting: [Int: String] = [:]
            for ticket in 0..<400 {
                let name = names[Int.random(in: 0..<names.count, using: &random)]
                if Bool.random(using: &random) {
                    if places.ask(ticket, name) { holders[ticket] = name } else { waiting[ticket] = name }
                } else if let (held, name) = holders.min(by: { $0.key < $1.key }) {
                    holders[held] = nil
                    for next in places.giveBack(name) { holders[next] = waiting.removeValue(forKey: next) }
                }
                #expect(holders.count == places.inUse && places.inUse <= max(places.limit, names.count))
                for (ticket, name) in waiting where places.taken[name] == nil {
                    Issue.record("\(ticket) waits for the place of \(name)")
                }
            }
            // All come to an end.
            while let (held, name) = holders.first {
                holders[held] = nil
                for next in places.giveBack(name) { holders[next] = waiting.removeValue(forKey: next) }
            }
            #expect(waiting.isEmpty && places.inUse == 0)
        }
    }
}
