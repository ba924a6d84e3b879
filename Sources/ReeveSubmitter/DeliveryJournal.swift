package import ReeveProtocol
package import ReeveStore

/// What the submitter needs of the store.
package protocol DeliveryJournal: Sendable {
    /// The last number.
    var head: Int64 { get }

    /// Wakes at once, and after each commit that appended to the journal; ends when the store closes.
    func journalChanges() -> AsyncStream<Void>

    /// Wakes at once, and when an endpoint was put, removed, paused or resumed; ends when the store closes.
    func endpointChanges() -> AsyncStream<Void>

    /// Wakes at once, and when something is wanted of dead letters; ends when the store closes.
    func wishChanges() -> AsyncStream<Void>

    func endpoints() async throws -> [EndpointRecord]

    /// Whether the last that was told of that very endpoint is that it does not answer.
    func isDown(_ endpoint: EndpointRecord.Identity) async throws -> Bool

    /// The lanes of an endpoint that have a position of their own.
    func positions(of endpoint: String) async throws -> [Lane: LanePosition]

    /// The first of an endpoint's dead letters of which something is wanted, by number.
    func wantedLetters(of endpoint: String, limit: Int) async throws -> [WantedLetter]

    /// Up to `limit` changes after that number, of one lane or of all, and not many more than `bytes`.
    func page(after sequence: Int64, of lane: Lane?, limit: Int, bytes: Int) async throws -> JournalPage

    /// Writes down how far an endpoint has come, and tells what is to be told of that, in one; durable when it returns.
    /// Nothing is written for one that is gone.
    func commit(_ progress: DeliveryProgress, of endpoint: EndpointRecord.Identity) async throws

    /// Tells a fact about an endpoint as a state change; a pause is also kept for the next start.
    func tell(_ fact: EndpointFact, of endpoint: EndpointRecord.Identity) async throws

    /// Ends what was put to an endpoint for a time that is over by now, and answers when the next is.
    func endTerms() async throws -> Timestamp?

    /// How a change that is done was done with, if not by delivery: it is a dead letter, or expired.
    func end(of sequence: Int64, at endpoint: String) async throws -> DeliveryEnd?

    /// What an endpoint has not got, as it is written down.
    func undelivered(of endpoint: String) async throws -> Undelivered
}

/// How a change ended that was not delivered.
package enum DeliveryEnd: Sendable, Equatable {
    case dead(attempts: Int, reason: String)
    case expired
}

/// An endpoint as the store has it.
package struct EndpointRecord: Sendable, Equatable {
    /// An endpoint that is removed and put again under the same name is another one; so is one that was set to another
    /// place in the journal.
    package struct Identity: Sendable, Hashable {
        package var name: String
        package var createdAt: Timestamp
        package var epoch: Int

        package init(name: String, createdAt: Timestamp, epoch: Int = 0) {
            self.name = name
            self.createdAt = createdAt
            self.epoch = epoch
        }
    }

    package var identity: Identity
    package var definition: EndpointDefinition
    package var cursor: Int64
    /// What came up to this number was never meant for it.
    package var startedAfter: Int64
    package var isPaused: Bool
    /// Signs as well, for a while.
    package var previousKey: PreviousKey?
    package var muting: Muting
    /// Up to this number the whole journal is sent again.
    package var replayThrough: Int64?

    package init(
        identity: Identity,
        definition: EndpointDefinition,
        cursor: Int64,
        startedAfter: Int64,
        isPaused: Bool = false,
        previousKey: PreviousKey? = nil,
        muting: Muting = Muting(),
        replayThrough: Int64? = nil
    ) {
        self.identity = identity
        self.definition = definition
        self.cursor = cursor
        self.startedAfter = startedAfter
        self.isPaused = isPaused
        self.previousKey = previousKey
        self.muting = muting
        self.replayThrough = replayThrough
    }
}
