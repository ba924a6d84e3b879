package import ReeveProtocol

/// An endpoint as the store has it.
package struct StoredEndpoint: Sendable, Hashable {
    package var definition: EndpointDefinition
    /// Everything up to this number is done, but for the lanes that have a position of their own.
    package var cursor: Int64
    package var createdAt: Timestamp
    /// The cursor at the beginning: what was before it was never meant for this endpoint.
    package var startedAfter: Int64
    package var pause: Pause?
    /// How often it was set to another place; what is told of it as it was before that counts no more.
    package var epoch: Int
    /// Up to this number the whole journal is sent again; `nil` if it never was.
    package var replayThrough: Int64?
    /// The key that was made for it, where its secret is `{generate: true}`.
    package var generatedSecret: String?
    /// Whose it is: `rpc`, `configuration`, or `folder:PATH`.
    package var source: String
    package var by: String
    package var changedAt: Timestamp
    package var previousKey: PreviousKey?
    package var muting: Muting

    package var name: String { definition.name }
}
