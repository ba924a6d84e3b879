/// Parameters of `endpoint.pause` and `endpoint.mute`.
package struct EndpointPauseParameters: Sendable, Decodable {
    package var endpoint: String
    /// Ends by itself after this.
    package var `for`: Interval?
    package var reason: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoint, `for`, reason
    }
}

/// Parameters of `endpoint.why`.
package struct EndpointWhyParameters: Sendable, Decodable {
    package var endpoint: String
    /// Why it was as it was then; now by default.
    package var at: Timestamp?
    package var timeZone: String?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoint, at, timeZone
    }
}

/// Parameters of `endpoint.rotate`.
package struct EndpointRotateParameters: Sendable, Decodable {
    package var endpoint: String
    /// How long the key until now signs as well; 24 hours by default.
    package var keepOld: Interval?
    /// The new key; one is made of the same kind by default.
    package var secret: ConfiguredValue?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoint, keepOld, secret
    }
}

/// Parameters of `endpoint.commit`.
package struct EndpointCommitParameters: Sendable, Decodable {
    package var endpoint: String
    /// A journal number: everything up to it is done.
    package var seq: Int64

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case endpoint, seq
    }
}
