import JSON

/// How it is known over TLS that a receiver is the one that is meant.
package struct TLSDefinition: Sendable, Hashable, Codable {
    /// The absolute path of a file with certificates in PEM, read at each try: one of these must have signed the receiver's,
    /// in the place of those that the host trusts.
    package var ca: String

    package enum CodingKeys: String, CodingKey, CaseIterable { case ca }

    package init(ca: String) {
        self.ca = ca
    }

    func problems(at path: String) -> [InvalidValue] {
        guard !ca.hasPrefix("/") || ca.hasSuffix("/") || ca.utf8.contains(0) else { return [] }
        return [InvalidValue(path: path + "/ca", reason: "\"\(ca)\" is no file's absolute path")]
    }
}
