import JSON
import ReeveProtocol
import Testing

@testable import ReeveSubmitter

struct EndpointMachineTests {
    private let a = Lane.task("a")
    private let b = Lane.task("b")

    @Test func `step changes travel with their run's next change, in order, none merged`() {
        var driver = MachineDriver()
        driver.append(a, progress, progress, running)
        #expect(driver.sent == [[10, 20, 30]])
    }

    @Test func `step changes alone wait for the drain, ten to thirty seconds`() {
        var driver = MachineDriver()
        driver.append(a, progress)
        driver.append(a, progress)
        driver.pass(to: .milliseconds(9999))
        #expect(driver.sent.isEmpty)
        driver.pass(to: .seconds(30))
        #expect(driver.sent == [[10, 20]])
    }

    @Test func `an endpoint sets its drain`() {
        var driver = MachineDriver { $0.drain = DrainDefinition(minimum: .seconds(1), maximum: .seconds(1)) }
        driver.append(a, progress)
        driver.pass(to: .milliseconds(999))
        #expect(driver.sent.isEmpty)
        driver.pass(to: .seconds(1))
        #expect(driver.sent == [[10]])
    }

    @Test func `a run that has ended gets no drain`() {
        var driver = MachineDriver()
        driver.append(a, progress, failed)
        driver.answer(a)
        driver.pass(to: .seconds(1000))
        #expect(driver.sent == [[10, 20]])
        #expect(driver.alarm == nil)
    }

    @Test func `changes of one lane leave another lane's alone`() {
        var driver = MachineDriver()
        driver.append(b, progress)
        driver.append(a, progress)
        driver.append(b, progress)
        driver.append(a, failed)
        #expect(driver.sent == [[20, 40]])
        driver.append(b, failed)
        #expect(driver.sent.last == [10, 30, 50])
    }

    @Test func `a submission is cut at a size, and the rest follows in order`() {
        var limits = SubmitterLimits()
        limits.submission = 2
        var driver = MachineDriver(limits: limits)
        driver.append(a, progress, progress, progress, failed)
        driver.answer(a)
        #expect(driver.sent == [[10, 20], [30, 40]])
    }

    @Test func `no lane has two requests at once, and nothing overtakes`() {
        var driver = MachineDriver()
        driver.append(a, running, failed)
        #expect(driver.sent == [[10]])
        for _ in 1...5 {
            driver.fail(a)
            driver.pass(to: driver.now + .seconds(40))
        }
        driver.answer(a)
        #expect(driver.sent == [[10], [10], [10], [10], [10], [10], [20]])
    }

    @Test func `ten requests at once, and the eleventh when one is over`() {
        var driver = MachineDriver()
        for number in 1...11 { driver.append(.task("t\(number)"), failed) }
        #expect(driver.inFlight.count == 10)
        driver.answer(.task("t4"))
        #expect(driver.sent.last == [110])
    }

    @Test func `a lane that backs off holds no slot`() {
        var driver = MachineDriver { $0.inFlight = 1 }
        driver.append(a, failed)
        driver.fail(a)
        driver.append(b, failed)
        #expect(driver.sent == [[10], [20]])
    }

    @Test func `the wait starts anew after a success`() {
        var driver = MachineDriver()
        driver.append(a, running, failed)
        driver.fail(a)
        driver.pass(to: driver.now + .milliseconds(999))
        #expect(driver.sent == [[10]])
        driver.pass(to: driver.now + .milliseconds(201))
        #expect(driver.sent == [[10], [10]])
        driver.fail(a)
        driver.pass(to: driver.now + .seconds(2))
        driver.answer(a)
        driver.fail(a)
        driver.pass(to: driver.now + .milliseconds(1200))
        #expect(driver.sent == [[10], [10], [10], [20], [20]])
    }

    @Test func `nothing is sent before the time that Retry-After gives`() {
        var driver = MachineDriver()
        driver.append(a, failed)
        driver.fail(a, after: .seconds(60))
        driver.append(b, failed)
        driver.pass(to: .seconds(59))
        #expect(driver.sent == [[10]])
        driver.pass(to: .seconds(60))
        #expect(driver.sent.count == 3)
    }

    @Test func `who says that it may be tried now is heard, whatever Retry-After gave`() {
        var driver = MachineDriver()
        driver.append(a, failed)
        driver.fail(a, after: .seconds(3600))
        driver.pass(to: .seconds(10))
        #expect(driver.sent == [[10]])
        driver.tell(.redefined(driver.machine.settings, isPaused: false))
        #expect(driver.sent == [[10], [10]])
    }

    @Test func `what is refused is tried five times, given up, and the lane goes on`() throws {
        var driver = MachineDriver()
        driver.append(a, progress, running, failed)
        for _ in 1...5 {
            driver.refuse(a)
            driver.pass(to: driver.now + .seconds(40))
        }
        #expect(driver.sent == [[10, 20], [10, 20], [10, 20], [10, 20], [10, 20], [30]])
        #expect(driver.journal.deadLetters.map(\.change.sequence) == [10, 20])
        #expect(driver.journal.deadLetters.allSatisfy { $0.status == 400 && $0.reason == "400: no" })
        #expect(driver.journal.cursor == 20)
    }

    @Test func `a lane that is to be held waits until the endpoint is put again`() {
        var driver = MachineDriver {
            $0.refused = .hold
            $0.retry = RetryDefinition(limit: 1)
        }
        driver.append(a, running)
        driver.refuse(a)
        driver.append(b, failed)
        driver.answer(b)
        driver.pass(to: .seconds(100_000))
        #expect(driver.sent == [[10], [20]])
        #expect(driver.journal.deadLetters.map(\.isHeld) == [true])
        driver.tell(.redefined(driver.machine.settings, isPaused: false))
        #expect(driver.sent.last == [10])
        driver.answer(a)
        #expect(driver.journal.deadLetters.isEmpty)
    }

    @Test func `an endpoint that is gone is paused until it is put again, and that is told once`() {
        var driver = MachineDriver()
        driver.append(a, failed)
        driver.append(b, failed)
        driver.answer(a, .paused(Reply(status: 410, text: "gone")))
        driver.answer(b, .paused(Reply(status: 410, text: "gone")))
        driver.append(a, failed)
        driver.pass(to: .seconds(100_000))
        #expect(driver.sent == [[10], [20]])
        #expect(driver.told == [.paused(reason: "410: gone")])
        driver.tell(.redefined(driver.machine.settings, isPaused: false))
        #expect(driver.sent.suffix(2).sorted { $0[0] < $1[0] } == [[10], [20]])
    }

    @Test func `what was told to be down is told to be up again, also if it was put again meanwhile`() throws {
        var driver = MachineDriver()
        driver.append(a, failed)
        for _ in 1...Breaker.threshold {
            driver.fail(a)
            driver.pass(to: try #require(driver.alarm))
        }
        #expect(driver.told == [.opened(reason: "500: broken")])
        driver.fail(a)
        driver.append(b, failed)
        driver.tell(.redefined(driver.machine.settings, isPaused: false))
        // It is tried at once, with one request.
        #expect(driver.inFlight.count == 1)
        driver.answer(try #require(driver.inFlight.first).key)
        #expect(driver.told.last == .closed)
    }

    @Test func `one that was down when the agent ended is tried with one request, and told to be up`() throws {
        var driver = MachineDriver()
        let settings = EndpointSettings(EndpointDefinition(name: "ops", url: "http://model/"))
        driver.machine = EndpointMachine(settings, cursor: 0, isDown: true, seed: 1)
        driver.append(a, failed)
        driver.append(b, failed)
        #expect(driver.machine.overview.breaker == .halfOpen && driver.inFlight.count == 1)
        driver.answer(try #require(driver.inFlight.first).key)
        #expect(driver.told == [.closed] && driver.machine.overview.breaker == .closed)
    }

    @Test func `lanes are counted by what they do`() throws {
        var driver = MachineDriver {
            $0.refused = .hold
            $0.retry = RetryDefinition(limit: 1)
            $0.inFlight = 2
        }
        let lanes = (0..<6).map { Lane.task("t\($0)") }
        driver.append(lanes[0], failed)
        driver.refuse(lanes[0])
        driver.append(lanes[1], failed)
        driver.fail(lanes[1])
        driver.append(lanes[2], progress)
        for lane in lanes[3...] { driver.append(lane, failed) }
        let standings = driver.machine.laneStandings
        #expect(standings.held == 1 && standings.heldLane == lanes[0])
        #expect(standings.waiting == 1 && standings.lastAnswer == "500: broken")
        #expect(standings.gathering == 1 && standings.sending == 2 && standings.ready == 1)
        #expect(try #require(standings.nextTry) < standings.nextDrain ?? .zero)
        #expect(standings.sendingSince == .zero)
    }

    @Test func `an endpoint that asked to be left alone is tried by no lane before`() throws {
        var driver = MachineDriver()
        driver.append(a, failed)
        driver.append(b, progress)
        driver.fail(a, after: .seconds(60))
        let standings = driver.machine.laneStandings
        #expect(standings.waiting == 1 && standings.gathering == 1)
        #expect(driver.machine.overview.nextTry == .seconds(60))
        #expect(standings.nextTry == .seconds(60) && standings.nextDrain == .seconds(60))
        driver.pass(to: .seconds(59))
        #expect(driver.sent == [[10]])
        driver.pass(to: .seconds(60))
        #expect(driver.sent == [[10], [10], [20]])
    }

    @Test func `what the filter refuses is done without being sent`() {
        var driver = MachineDriver { $0.filter = EventFilter(types: [failed]) }
        driver.append(a, progress, running, failed, running)
        #expect(driver.sent == [[30]])
        driver.answer(a)
        #expect(driver.journal.cursor == 40)
        #expect(driver.machine.counts.filtered == 3)
        #expect(driver.machine.counts.delivered == 1)
    }

    @Test func `a changed filter holds for what is not under way yet`() {
        var driver = MachineDriver()
        driver.append(a, running, running, failed)
        var settings = driver.machine.settings
        settings.filter = EventFilter(types: [failed])
        driver.tell(.redefined(settings, isPaused: false))
        driver.answer(a)
        #expect(driver.sent == [[10], [30]])
    }

    @Test func `nothing is written down before it was answered`() {
        var driver = MachineDriver()
        driver.append(a, failed)
        driver.append(b, failed)
        #expect(driver.commits.isEmpty)
        driver.answer(b)
        #expect(driver.commits == [DeliveryProgress(cursor: 0, positions: [b: 20], deadLetters: [])])
        driver.answer(a)
        #expect(driver.journal.cursor == 20)
        #expect(driver.journal.positions.isEmpty)
    }

    @Test func `a flush does not wait for the drain`() {
        var driver = MachineDriver()
        driver.append(a, progress)
        #expect(!driver.machine.isDone(through: 10))
        #expect(driver.machine.pending(through: 10) == 1)
        driver.tell(.flushRequested(through: 10))
        #expect(driver.sent == [[10]])
        driver.answer(a)
        #expect(driver.machine.isDone(through: 10))
    }

    @Test func `that a run goes on is told to who asks for it, as often as it asks`() {
        func told(_ elapsed: Int, before: Int) -> StateChange {
            let progress: JSON = ["elapsed": .string("\(elapsed)m"), "before": .string("\(before)m")]
            return StateChange(
                sequence: 1,
                id: "1",
                lane: .task("t"),
                previous: nil,
                content: StateChange.Content(
                    type: EventType.runProgress,
                    subject: "t",
                    time: Timestamp(seconds: 0),
                    summary: "",
                    data: ["run": "r", "progress": progress]
                )
            )
        }
        var definition = EndpointDefinition(name: "ops", url: "http://model/")
        #expect(!EndpointSettings(definition).takes(told(60, before: 0)))
        definition.progress = .minutes(5)
        let settings = EndpointSettings(definition)
        #expect(!settings.takes(told(4, before: 3)) && settings.takes(told(5, before: 4)))
        #expect(!settings.takes(told(6, before: 5)) && settings.takes(told(12, before: 9)))
        definition.filter = EventFilter()
        definition.filter?.final = true
        #expect(!EndpointSettings(definition).takes(told(5, before: 4)), "its filter holds as well")
    }

    @Test func `facts about an endpoint are not told to itself`() {
        let settings = EndpointSettings(EndpointDefinition(name: "ops", url: "http://model/"))
        let fact = { (name: String) in
            StateChange(
                sequence: 1,
                id: "1",
                lane: .agent,
                previous: nil,
                content: StateChange.Content(
                    type: EventType.endpoint("opened"),
                    subject: name,
                    time: Timestamp(seconds: 0),
                    summary: "",
                    data: ["endpoint": .string(name)]
                )
            )
        }
        #expect(!settings.takes(fact("ops")))
        #expect(settings.takes(fact("other")))
    }
}
