import Crypto

extension WebhookReceiver {
    /// What an endpoint's record must show: order, no hole, one at a time, same id and content, good signatures.
    ///
    /// It replays the record lane by lane against a model of the lane: the list of its changes as they first came.
    package struct Check: Sendable {
        package struct Options: OptionSet, Sendable {
            package let rawValue: Int
            package init(rawValue: Int) { self.rawValue = rawValue }

            /// The endpoint does not take everything, or gave something up: `previous` may name what never came.
            package static let mayHaveGaps = Options(rawValue: 1)
            /// The sender was killed now and then: what was answered may come again.
            package static let mayRepeatDelivered = Options(rawValue: 2)
            /// What was refused may have been given up; all of it came once, so no `previous` names what never came.
            package static let mayGiveUp = Options(rawValue: 4)
        }

        /// In words; empty for a good record.
        package private(set) var problems: [String] = []
        /// The ids of all changes that were answered with 2xx.
        package private(set) var delivered: Set<String> = []
        /// The changes of each lane in order, each once, whether answered or not.
        package private(set) var lanes: [String: [Request.Change]] = [:]
        /// How many changes came again after they had been answered with 2xx.
        package private(set) var repeatsOfDelivered = 0

        private var places: [String: Int] = [:]
        private var nextPlace: [String: Int] = [:]
        private var placeAfterRefused: [String: Int] = [:]
        /// A hash of each content, so that a long record can be checked in little memory.
        private var contents: [String: SHA256Digest] = [:]
        private var ends: [String: (answeredAt: Int, number: Int)] = [:]
        private let secret: String?
        private let options: Options

        package init(_ records: [Record] = [], secret: String? = nil, _ options: Options = []) {
            self.secret = secret
            self.options = options
            add(records)
        }

        /// Goes on with records that come after those until now.
        package mutating func add(_ records: [Record]) {
            for record in records {
                if let secret, !record.request.isSigned(with: secret) { fail(record, "is not signed as it must be") }
                for part in record.parts { check(part) }
            }
        }

        private mutating func fail(_ record: Record, _ what: String) {
            problems.append("request \(record.request.number) (\(record.request.lane ?? "no lane")) \(what)")
        }

        private mutating func check(_ record: Record) {
            let request = record.request
            guard let lane = request.lane, let last = request.changes.last else {
                return fail(record, "is no event of a lane")
            }
            if last.id != request.id { fail(record, "has an id that is not its last change's") }
            checkOverlap(record, lane)
            checkContent(record)
            checkOrder(record, lane)
            let placeAfter = (places[last.id] ?? 0) + 1
            if record.isRefused { placeAfterRefused[lane] = max(placeAfterRefused[lane] ?? 0, placeAfter) }
            guard record.isDelivered else { return }
            delivered.formUnion(request.changes.map(\.id))
            nextPlace[lane] = max(nextPlace[lane] ?? 0, placeAfter)
        }

        private mutating func checkOverlap(_ record: Record, _ lane: String) {
            if let end = ends[lane], record.arrivedAt < end.answeredAt, record.request.number != end.number {
                fail(record, "came while request \(end.number) of its lane was still being answered")
            }
            if let answeredAt = record.answeredAt { ends[lane] = (answeredAt, record.request.number) }
        }

        /// The same changes are the same bytes; they may be cut elsewhere, and then they are others.
        private mutating func checkContent(_ record: Record) {
            let key = record.request.changes.map(\.id).joined(separator: " ")
            let hash = SHA256.hash(data: record.request.body)
            if let known = contents[key], known != hash { fail(record, "has other content than before") }
            contents[key] = hash
        }

        private mutating func checkOrder(_ record: Record, _ lane: String) {
            let changes = record.request.changes
            var list = lanes[lane] ?? []
            let start = places[changes[0].id] ?? list.count
            let next = nextPlace[lane] ?? 0
            let farthest =
                !options.isDisjoint(with: [.mayHaveGaps, .mayGiveUp]) ? max(next, placeAfterRefused[lane] ?? 0) : next
            if start > farthest { fail(record, "overtakes what was not delivered before it") }
            if start < next {
                repeatsOfDelivered += next - start
                if !options.contains(.mayRepeatDelivered) { fail(record, "repeats what was delivered") }
            }
            if !options.contains(.mayHaveGaps), start > 0, record.request.previous != list[start - 1].sequence {
                fail(record, "does not follow the change before it: previous is not \(list[start - 1].sequence)")
            }
            for (offset, change) in changes.enumerated() {
                if start + offset < list.count {
                    if list[start + offset] != change { fail(record, "has changes in another order than before") }
                } else {
                    if let last = list.last, last.sequence >= change.sequence { fail(record, "goes back") }
                    places[change.id] = list.count
                    list.append(change)
                }
            }
            lanes[lane] = list
        }
    }
}
