import ReeveProtocol

extension EndpointMachine {
    /// Starts what the free slots allow, each lane in its turn.
    mutating func dispatch() {
        guard !isPaused, !isStopped else { return }
        while breaker.admits(inFlight: busy, limit: settings.inFlight, at: now), let lane = ready.popFirst() {
            guard lanes[lane]?.state == .ready else { continue }
            drop(lane)
            if let number = lanes[lane]?.parcel, let together = parcels[number] {
                repeatParcel(number, together)
            } else {
                start(lane)
            }
        }
        if ready.isEmpty { ready = [] }
    }

    /// The submissions that go in one request, as they are put together.
    private struct Load {
        var lanes: [Lane] = []
        var submissions: [Submission] = []
        var room: (events: Int, bytes: Int)
        /// Events that a request with one of these lanes may have.
        var most: Int
    }

    private mutating func start(_ lane: Lane) {
        if let letter = lanes[lane]?.retries.first, lanes[lane]?.cuts.isEmpty == true {
            return retry(letter, of: lane)
        }
        var load = Load(room: (settings.batch.events, settings.batch.bytes), most: settings.batch.events)
        guard add(lane, to: &load) else { return startOtherwise(lane) }
        // A laggard's pieces come and go: it is no company for others.
        if lanes[lane]?.isDetached == false { addMore(to: &load) }
        send(load)
    }

    /// There is nothing of the lane to be sent now.
    private mutating func startOtherwise(_ lane: Lane) {
        guard let queue = lanes[lane] else { return }
        if queue.isDetached {
            startReading(lane, after: queue.readThrough)
        } else if queue.items.isEmpty {
            lanes[lane]?.state = .idle
            finished.append(lane)
        } else {
            gather(lane)
        }
    }

    private mutating func addMore(to load: inout Load) {
        while load.submissions.count < load.most, load.room.bytes > 0, let lane = ready.first {
            guard lanes[lane]?.state == .ready else {
                ready.removeFirst()
                continue
            }
            guard let queue = lanes[lane], !queue.isDetached, queue.parcel == nil, queue.cuts.isEmpty, !queue.isWanted,
                load.submissions.count < queue.batchLimit ?? .max
            else { return }
            ready.removeFirst()
            if !add(lane, to: &load) { startOtherwise(lane) }
        }
    }

    /// Adds what the lane has to be sent, as far as there is room; answers whether there was anything.
    private mutating func add(_ lane: Lane, to load: inout Load) -> Bool {
        guard var queue = lanes[lane] else { return false }
        if let first = queue.items.first, first.change.sequence <= flushThrough { queue.isDrainDue = true }
        let most = min(load.most, queue.batchLimit ?? .max)
        let counts = queue.submissions(limits, atMost: most - load.submissions.count, bytes: load.room.bytes)
        guard !counts.isEmpty else { return false }
        load.most = most
        load.lanes.append(lane)
        queue.cuts = []
        queue.attempts += 1
        var rest = queue.items
        for count in counts {
            let piece = rest.prefix(count)
            rest = rest.dropFirst(count)
            queue.cuts += piece.suffix(1).map(\.change.sequence)
            load.room.bytes -= piece.reduce(0) { $0 + $1.weight }
            let submission = Submission(
                lane: lane,
                changes: piece.map(\.change),
                attempt: queue.attempts,
                isRedelivered: piece.contains(where: \.isRedelivered)
            )
            load.submissions.append(submission)
        }
        queue.state = .sending(counts.reduce(0, +))
        queue.sentAt = now
        lanes[lane] = queue
        return true
    }

    private mutating func send(_ load: Load) {
        lastParcel += 1
        for lane in load.lanes { lanes[lane]?.parcel = lastParcel }
        parcels[lastParcel] = load.lanes
        busy += 1
        actions.append(.send(Parcel(number: lastParcel, submissions: load.submissions)))
    }

    /// Sends the same parcel again, or, if one of its lanes has gone another way, each of its lanes by itself.
    private mutating func repeatParcel(_ number: Int, _ together: [Lane]) {
        guard together.allSatisfy({ lanes[$0]?.state == .ready && lanes[$0]?.parcel == number }) else {
            dissolve(number)
            return together.forEach { lane in
                if lanes[lane]?.state == .ready { ready.append(lane) }
            }
        }
        parcels[number] = nil
        var load = Load(room: (.max, .max), most: .max)
        for lane in together where !add(lane, to: &load) { startOtherwise(lane) }
        send(load)
    }

    /// The lanes of that parcel have nothing to do with one another any longer.
    private mutating func dissolve(_ number: Int) {
        for lane in parcels.removeValue(forKey: number) ?? [] where lanes[lane]?.parcel == number {
            lanes[lane]?.parcel = nil
            lanes[lane]?.cuts = []
        }
    }

    mutating func dissolveParcel(of lane: Lane) {
        if let number = lanes[lane]?.parcel { dissolve(number) }
    }

    private mutating func retry(_ letter: WantedLetter, of lane: Lane) {
        lanes[lane]?.state = .sending(0)
        lanes[lane]?.sentAt = now
        lanes[lane]?.attempts += 1
        let submission = Submission(
            lane: lane,
            changes: [letter.change],
            attempt: letter.attempts + (lanes[lane]?.attempts ?? 1),
            isRedelivered: true
        )
        var load = Load(room: (0, 0), most: 1)
        load.lanes = [lane]
        load.submissions = [submission]
        send(load)
    }

    private mutating func gather(_ lane: Lane) {
        let range = settings.drain
        let until = now + range.lowerBound + (range.upperBound - range.lowerBound) * random.chance()
        wait(lane, until: until, .gathering(until))
    }

    /// The lane has nothing under way: on with it, if there is more.
    mutating func goOn(_ lane: Lane) {
        guard let queue = lanes[lane] else { return }
        if queue.items.isEmpty, !queue.isWanted, !queue.isDetached {
            lanes[lane]?.state = .idle
            finished.append(lane)
        } else {
            makeReady(lane)
        }
    }

    mutating func flushRequested(through sequence: Int64) {
        flushThrough = max(flushThrough, sequence)
        for lane in sortedLanes {
            guard case .gathering = lanes[lane]?.state else { continue }
            lanes[lane]?.isDrainDue = true
            makeReady(lane)
        }
        mayHaveMore = true
        letters.mayBeMore = true
    }

    mutating func redefined(_ settings: EndpointSettings, isPaused: Bool) {
        let isOtherFilter = settings.filter != self.settings.filter || settings.muting != self.settings.muting
        let isOtherBatch = settings.batch != self.settings.batch
        self.settings = settings
        self.isPaused = isPaused
        breaker.reset()
        for lane in sortedLanes {
            if isOtherFilter { dropRefused(lane) }
            lanes[lane]?.failures = 0
            lanes[lane]?.refusals = 0
            lanes[lane]?.batchLimit = nil
            switch lanes[lane]?.state {
            case .waiting, .held, .gathering: goOn(lane)
            default: break
            }
        }
        guard isOtherFilter || isOtherBatch else { return }
        for number in Array(parcels.keys) where !isUnderWay(number) { dissolve(number) }
    }

    /// In an order that is the same whenever the same happens.
    var sortedLanes: [Lane] { lanes.keys.sorted { $0.name < $1.name } }

    private func isUnderWay(_ number: Int) -> Bool {
        parcels[number]?.contains { lanes[$0]?.parcel == number && lanes[$0]?.isSending == true } ?? false
    }

    /// The filter may be another one: what it no longer takes is done, but for what is being sent.
    private mutating func dropRefused(_ lane: Lane) {
        guard var queue = lanes[lane] else { return }
        var sending = 0
        if case .sending(let count) = queue.state { sending = count } else { queue.cuts = [] }
        let rest = queue.items.dropFirst(sending)
        let kept = rest.filter { settings.takes($0.change) }
        for item in rest where !settings.takes(item.change) {
            window.pass(item.change.sequence)
            countPassed(item.change)
        }
        queue.items = ArraySlice(queue.items.prefix(sending) + kept)
        lanes[lane] = queue
    }
}
