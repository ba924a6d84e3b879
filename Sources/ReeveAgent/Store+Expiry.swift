import Logging
import ReeveProtocol
import ReeveStore
import ReeveSubmitter

extension Store {
    /// What an endpoint has not got by then it does not get: else a dead one would hold the journal for good.
    func expireDeliveries(before time: Timestamp, logger: Logger) async throws {
        for endpoint in try await read({ try $0.endpoints() }) {
            var isAll = false
            while !isAll {
                let (expired, all) = try await write { transaction in
                    guard let present = try transaction.endpoint(endpoint.name) else { return (0, true) }
                    let settings = EndpointSettings(present.definition, muting: present.muting)
                    let last = try (transaction.firstSequence(since: time) ?? transaction.head() + 1) - 1
                    return try transaction.expireDeliveries(endpoint.name, upTo: last, takes: settings.takes)
                }
                isAll = all
                guard expired > 0 else { continue }
                logger.warning(
                    "changes became too old to be delivered",
                    metadata: ["endpoint": "\(endpoint.name)", "changes": "\(expired)"]
                )
            }
        }
    }
}
