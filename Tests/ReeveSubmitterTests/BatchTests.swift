import ReeveProtocol
import Testing

@testable import ReeveSubmitter

struct BatchTests {
    private let lanes = (0..<4).map { Lane.task("t\($0)") }

    /// A driver with four lanes of two changes each, of which one request is on its way: the first of the first lane.
    private func driver(_ events: Int, refusals: Int = 2) -> MachineDriver {
        var driver = MachineDriver {
            $0.batch = BatchDefinition(events: events)
            $0.inFlight = 1
            $0.retry = RetryDefinition(limit: refusals)
        }
        driver.append(lanes[0], failed)
        for lane in lanes { driver.append(lane, failed, failed) }
        return driver
    }

    @Test func `a batch takes a prefix of what waits of each lane, and occupies these lanes`() {
        var driver = driver(5)
        driver.answer(lanes[0])
        #expect(driver.parcels == [[[10]], [[40], [50], [60], [70], [80]]])
        driver.answer(lanes[1])
        #expect(driver.parcels.last == [[20], [30], [90]])
    }

    @Test func `after the endpoint's trouble the same batch goes again`() {
        var driver = driver(5)
        driver.answer(lanes[0])
        driver.fail(lanes[1])
        driver.append(lanes[1], failed)
        driver.answer(lanes[0])
        driver.pass(to: .seconds(2))
        let tried = driver.parcels[1]
        #expect(driver.parcels.filter { $0 == tried }.count == 2)
    }

    @Test func `a refusal halves the batch down to one before anything dies`() {
        var driver = driver(8)
        driver.answer(lanes[0])
        let poison: Int64 = 50
        for _ in 0..<60 {
            guard let parcel = driver.inFlight.values.first else {
                driver.pass(to: driver.now + .seconds(40))
                continue
            }
            let isBad = parcel.submissions.flatMap(\.changes).contains { $0.sequence == poison }
            if isBad { driver.refuse(parcel.submissions[0].lane) } else { driver.answer(parcel.submissions[0].lane) }
        }
        #expect(driver.journal.deadLetters.map(\.change.sequence) == [poison])
        #expect(driver.journal.cursor == 90)
        #expect(driver.parcels.filter { $0 == [[poison]] }.count == 2)
    }

    @Test func `a refusal shows that the endpoint is there: what failed before it makes no later wait longer`() throws {
        var driver = MachineDriver {
            $0.batch = BatchDefinition(events: 8)
            $0.inFlight = 1
            $0.retry = RetryDefinition(delay: .seconds(1), factor: 10)
        }
        for lane in lanes.prefix(3) { driver.append(lane, failed) }
        driver.answer(lanes[0])
        for _ in 0..<3 {
            driver.fail(lanes[1])
            driver.pass(to: try #require(driver.alarm))
        }
        driver.refuse(lanes[1])
        let half = try #require(driver.inFlight.first)
        driver.fail(half.key)
        driver.answer(half.key == lanes[1] ? lanes[2] : lanes[1])
        driver.pass(to: driver.now + .milliseconds(1200))
        #expect(driver.inFlight[half.key]?.submissions.map(\.changes) == half.value.submissions.map(\.changes))
    }
}

struct WantedLetterTests {
    private let a = Lane.task("a")

    private func driver(_ refused: RefusedPolicy) -> MachineDriver {
        var driver = MachineDriver {
            $0.refused = refused
            $0.retry = RetryDefinition(limit: 1)
        }
        driver.append(a, running)
        driver.refuse(a)
        return driver
    }

    @Test func `a dead letter that is wanted again goes when its lane is free, and says so`() {
        var driver = driver(.deadLetter)
        driver.append(a, failed)
        driver.want(.retry, 10)
        #expect(driver.sent == [[10], [20]])
        driver.answer(a)
        #expect(driver.sent.last == [10])
        #expect(driver.inFlight[a]?.submissions[0].isRedelivered == true)
        #expect(driver.inFlight[a]?.submissions[0].attempt == 2)
        driver.append(a, failed)
        #expect(driver.sent.count == 3)
        driver.answer(a)
        #expect(driver.sent.last == [30])
        #expect(driver.journal.deadLetters.isEmpty)
    }

    @Test func `one that is refused again is a dead letter again, at once`() {
        var driver = driver(.deadLetter)
        driver.want(.retry, 10)
        driver.refuse(a)
        #expect(driver.journal.deadLetters.map(\.attempts) == [2])
        #expect(driver.journal.wishes.isEmpty)
        driver.pass(to: .seconds(1000))
        #expect(driver.sent.count == 2)
    }

    @Test func `a lane that is held goes on from there, or without it`() {
        var driver = driver(.hold)
        driver.append(a, failed)
        #expect(driver.journal.deadLetters.map(\.isHeld) == [true])
        driver.want(.retry, 10)
        #expect(driver.sent == [[10], [10]])
        driver.refuse(a)
        driver.want(.drop, 10)
        #expect(driver.sent.last == [20])
        #expect(driver.journal.deadLetters.isEmpty)
    }

    @Test func `what is dropped while it is tried again stays gone`() {
        var driver = driver(.deadLetter)
        driver.want(.retry, 10)
        driver.want(.drop, 10)
        driver.refuse(a)
        #expect(driver.journal.deadLetters.isEmpty)
    }

    @Test func `what is held and to be dropped is dropped, though it is tried and refused meanwhile`() {
        var driver = driver(.hold)
        driver.append(a, failed)
        driver.want(.retry, 10)
        driver.journal.want(.drop, [10])
        driver.refuse(a)
        #expect(driver.journal.deadLetters.isEmpty)
        #expect(driver.sent.last == [20])
    }

    @Test func `what is dropped while it is tried goes when it is refused`() {
        var driver = driver(.hold)
        driver.append(a, failed)
        driver.want(.retry, 10)
        driver.want(.drop, 10)
        driver.refuse(a)
        #expect(driver.journal.deadLetters.isEmpty)
        #expect(driver.sent.last == [20])
    }

    @Test func `a letter that waits for a lane that is held keeps nobody waiting`() {
        var driver = driver(.deadLetter)
        driver.tell(.redefined(settings(.hold), isPaused: false))
        driver.append(a, failed)
        driver.refuse(a)
        #expect(driver.journal.deadLetters.map(\.isHeld) == [false, true])
        driver.want(.retry, 10)
        #expect(driver.sent == [[10], [20]])
        driver.want(.drop, 20)
        // The lane is free, and now it goes.
        #expect(driver.sent == [[10], [20], [10]])
        driver.answer(a)
        #expect(driver.journal.deadLetters.isEmpty && driver.journal.wishes.isEmpty)
    }

    @Test func `a letter that is to go when its lane is held once more waits as well`() {
        var driver = driver(.deadLetter)
        driver.tell(.redefined(settings(.hold), isPaused: false))
        driver.append(a, failed)
        driver.want(.retry, 10)
        driver.refuse(a)
        driver.want(.retry, 20)
        driver.answer(a)
        #expect(driver.sent == [[10], [20], [20], [10]])
    }

    private func settings(_ refused: RefusedPolicy) -> EndpointSettings {
        var definition = EndpointDefinition(name: "ops", url: "http://model/")
        definition.refused = refused
        definition.retry = RetryDefinition(limit: 1)
        return EndpointSettings(definition)
    }

    @Test func `what is dropped is not sent, also by a lane that is left behind after it`() {
        var driver = driver(.hold)
        // The wish is known before the changes are read, as after a restart.
        driver.restart { $0.window = 4 }
        driver.journal.want(.drop, [10])
        driver.tell(.readWanted(driver.journal.wanted(1)))
        driver.append(a, failed)
        driver.fail(a)
        for _ in 0..<8 { driver.append(.task("b"), failed) }
        #expect(driver.machine.laggards == 1)
        driver.pass(to: .seconds(1000))
        #expect(driver.sent == [[10], [20], [30], [20]])
    }

    @Test func `that changes are refused is told with the first of them, and then once a minute with their number`() {
        var driver = driver(.deadLetter)
        for _ in 0..<3 {
            driver.append(a, failed)
            driver.refuse(a)
        }
        let first = driver.commits.first { $0.refusals != nil }
        #expect(first?.refusals == DeliveryProgress.Refusals(count: 1, reason: "400: no"))
        #expect(first?.deadLetters.map(\.change.sequence) == [10])
        #expect(driver.commits.compactMap(\.refusals).count == 1)
        driver.pass(to: .seconds(60))
        #expect(driver.commits.compactMap(\.refusals).map(\.count) == [1, 3])
        #expect(driver.alarm == nil)
    }

    @Test func `what was refused and not told is told with the last that is written down`() {
        var driver = driver(.deadLetter)
        driver.append(a, failed)
        driver.refuse(a)
        #expect(driver.machine.progress(isLast: true)?.refusals?.count == 1)
        #expect(driver.machine.progress(isLast: true) == nil)
    }
}

struct SubmissionTests {
    @Test func `a submission is of one run`() {
        var driver = MachineDriver()
        let lane = Lane.task("a")
        driver.journal.append(lane, progress, run: "1")
        driver.journal.append(lane, progress, run: "2")
        driver.journal.append(lane, failed, run: "2")
        driver.tell(.journalGrew)
        driver.answer(lane)
        #expect(driver.sent == [[10], [20, 30]])
    }
}
