import ReeveLaunch
import ReeveProtocol
import ReeveStore

/// Makes what carries to an endpoint, by its kind: the one place that knows all kinds.
struct Carriers: Sendable {
    var sender: EventSender
    var transport: any Transport
    var secrets: SecretReader
    var tails: (any OutputTails)?
    /// Without it no commands are run.
    var commands: CommandCarrier.Surroundings?
    var standardOutput: LineQueue
    var clock: any Clock<Duration>
    var wallClock: any WallClock

    func carrier(for endpoint: EndpointDefinition, previousKey: PreviousKey? = nil) -> any Carrier {
        let writer = EventWriter(endpoint, sender: sender, tails: tails)
        switch endpoint.kind {
        case .webhook:
            return WebhookCarrier(
                endpoint,
                writer: writer,
                transport: transport,
                secrets: secrets,
                wallClock: wallClock,
                previousKey: previousKey
            )
        case .file:
            let place = FilePlace(path: endpoint.path ?? "", rotation: endpoint.rotate)
            return LineCarrier(endpoint, writer: writer, queue: LineQueue(place), clock: clock)
        case .stdout: return LineCarrier(endpoint, writer: writer, queue: standardOutput, clock: clock)
        case .command:
            guard let commands else { return UncarriedKind(reason: "there is nothing here that runs commands") }
            return CommandCarrier(endpoint, writer: writer, commands)
        case .queue: return UncarriedKind(reason: "from a queue it is fetched: event.list {as}, endpoint.commit")
        case .controlPlane: return UncarriedKind(reason: "this version of reeve knows no control plane")
        }
    }
}

/// Nothing is ever carried there.
private struct UncarriedKind: Carrier {
    var reason: String

    func carry(_ submissions: [Submission]) async -> Attempt { .trouble(reason) }
}
