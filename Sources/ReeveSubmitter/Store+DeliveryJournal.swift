import JSON
package import ReeveProtocol
package import ReeveStore

extension Store: DeliveryJournal {
    package func journalChanges() -> AsyncStream<Void> { signals.changes(.journal) }

    package func endpointChanges() -> AsyncStream<Void> { signals.changes(.endpoints) }

    package func wishChanges() -> AsyncStream<Void> { signals.changes(.wishes) }

    package func endpoints() async throws -> [EndpointRecord] {
        try await read { try $0.endpoints().map(EndpointRecord.init) }
    }

    package func isDown(_ endpoint: EndpointRecord.Identity) async throws -> Bool {
        try await read { try $0.openedFact(of: endpoint.name, since: endpoint.createdAt) != nil }
    }

    package func positions(of endpoint: String) async throws -> [Lane: LanePosition] {
        try await read { try $0.positions(endpoint) }
    }

    package func wantedLetters(of endpoint: String, limit: Int) async throws -> [WantedLetter] {
        try await read { reader in
            try reader.wantedLetters(endpoint: endpoint, limit: limit).map { letter in
                WantedLetter(
                    change: letter.change,
                    wish: letter.wish.flatMap(WantedLetter.Wish.init) ?? .retry,
                    isHeld: letter.isHeld,
                    attempts: letter.attempts
                )
            }
        }
    }

    package func page(after sequence: Int64, of lane: Lane?, limit: Int, bytes: Int) async throws -> JournalPage {
        try await read { try $0.page(after: sequence, of: lane, limit: limit, bytes: bytes) }
    }

    package func commit(_ progress: DeliveryProgress, of endpoint: EndpointRecord.Identity) async throws {
        try await write { transaction in
            guard try transaction.has(endpoint) else { return }
            let now = transaction.now
            func letters(isRetry: Bool) -> [DeadLetter] {
                progress.deadLetters.filter { $0.isRetry == isRetry }.map { DeadLetter($0, at: now) }
            }
            try transaction.commitDelivery(
                endpoint: endpoint.name,
                cursor: progress.cursor,
                positions: progress.positions,
                deadLetters: letters(isRetry: false),
                refusedAgain: letters(isRetry: true),
                resolved: progress.resolved,
                released: progress.released
            )
            // Who hears of them finds the letters.
            if let refusals = progress.refusals { try transaction.tell(refusals, of: endpoint.name) }
        }
    }

    package func tell(_ fact: EndpointFact, of endpoint: EndpointRecord.Identity) async throws {
        try await write { transaction in
            guard try transaction.has(endpoint) else { return }
            let name = endpoint.name
            switch fact {
            case .opened(let reason):
                let data: JSONObject = ["reason": .string(reason)]
                try transaction.appendFact(of: name, "opened", "endpoint \(name) does not answer: \(reason)", data)
            case .closed: try transaction.appendFact(of: name, "closed", "endpoint \(name) answers again", [:])
            case .paused(let reason):
                let pause = Pause(by: "agent", at: transaction.now, reason: reason)
                try transaction.pauseEndpoint(name, pause)
            }
        }
    }

    package func endTerms() async throws -> Timestamp? {
        guard let first = try await read({ try $0.nextTerm() }) else { return nil }
        return try await write { transaction in
            let now = transaction.now
            guard first <= now else { return first }
            for endpoint in try transaction.endpoints() {
                try transaction.resumeEndpoint(endpoint.name, by: "agent") { $0.until.map { $0 <= now } ?? false }
            }
            return try transaction.nextTerm()
        }
    }

    package func end(of sequence: Int64, at endpoint: String) async throws -> DeliveryEnd? {
        try await read { reader in
            if let letter = try reader.deadLetter(endpoint: endpoint, sequence: sequence), letter.range == nil {
                return .dead(attempts: letter.attempts, reason: letter.reason)
            }
            return try reader.hasExpired(sequence, endpoint: endpoint) ? .expired : nil
        }
    }

    package func undelivered(of endpoint: String) async throws -> Undelivered {
        try await read { reader in
            try reader.endpoint(endpoint).map(reader.undelivered) ?? Undelivered(count: 0)
        }
    }
}

extension EndpointRecord {
    fileprivate init(_ stored: StoredEndpoint) {
        var definition = stored.definition
        if definition.secret?.isGenerated == true, let key = stored.generatedSecret {
            definition.secret = .literal(key)
        }
        self.init(
            identity: Identity(name: stored.name, createdAt: stored.createdAt, epoch: stored.epoch),
            definition: definition,
            cursor: stored.cursor,
            startedAfter: stored.startedAfter,
            isPaused: stored.pause != nil,
            previousKey: stored.previousKey,
            muting: stored.muting,
            replayThrough: stored.replayThrough
        )
    }
}

extension Reader {
    /// Reads in chunks, smaller ones where changes are large, so that what is read stays near `bytes`.
    fileprivate func page(after start: Int64, of lane: Lane?, limit: Int, bytes: Int) throws -> JournalPage {
        var page = JournalPage(changes: [], isEnd: false, head: try head())
        var (weight, size) = (0, 16)
        while page.changes.count < limit, weight < bytes, !page.isEnd {
            size = min(size, limit - page.changes.count)
            let last = page.changes.last?.sequence ?? start
            let chunk =
                if let lane {
                    try changes(ofLane: lane, after: last, limit: size)
                } else {
                    try changes(after: last, limit: size)
                }
            page.isEnd = chunk.count < size
            page.changes += chunk
            weight += chunk.reduce(0) { $0 + $1.weight }
            size = max(1, min(4 * size, (bytes - weight) / max(1, weight / max(1, page.changes.count))))
        }
        return page
    }
}

extension DeadLetter {
    fileprivate init(_ letter: DeliveryProgress.GivenUp, at time: Timestamp) {
        self.init(
            change: letter.change,
            reason: letter.reason,
            status: letter.status,
            attempts: letter.attempts,
            isHeld: letter.isHeld,
            at: time
        )
    }
}

extension Transaction {
    fileprivate func tell(_ refusals: DeliveryProgress.Refusals, of name: String) throws {
        let (count, reason) = (refusals.count, refusals.reason)
        let changes = count == 1 ? "a change" : "\(count) changes"
        let data: JSONObject = ["reason": .string(reason), "count": .number(String(count))]
        try appendFact(of: name, "refused", "endpoint \(name) refused \(changes): \(reason)", data)
    }

    /// Whether that very endpoint is there still.
    fileprivate func has(_ endpoint: EndpointRecord.Identity) throws -> Bool {
        guard let stored = try self.endpoint(endpoint.name) else { return false }
        return stored.createdAt == endpoint.createdAt && stored.epoch == endpoint.epoch
    }
}

extension StateReading {
    /// When the first pause or muting is over.
    fileprivate func nextTerm() throws -> Timestamp? {
        try endpoints().flatMap { [$0.pause?.until, $0.muting.present?.until] }.compactMap(\.self).min()
    }
}
