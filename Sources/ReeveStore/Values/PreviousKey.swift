package import ReeveProtocol

/// The key that an endpoint had before, with which its events are signed as well for a while.
package struct PreviousKey: Sendable, Hashable, Codable {
    package var secret: ConfiguredValue
    package var until: Timestamp

    package init(secret: ConfiguredValue, until: Timestamp) {
        self.secret = secret
        self.until = until
    }
}
