import ReeveProtocol

/// Makes what carries to an endpoint, by its kind: the one place that knows all kinds.
struct Carriers: Sendable {
    var sender: EventSender
    var transport: any Transport
    var values: ValueReader
    var wallClock: any WallClock

    func carrier(for endpoint: EndpointDefinition) -> any Carrier {
        WebhookCarrier(endpoint, sender: sender, transport: transport, values: values, wallClock: wallClock)
    }
}
