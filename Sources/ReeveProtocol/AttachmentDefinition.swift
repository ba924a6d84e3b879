import JSON

/// A file that has to be in place before a run's steps start.
package struct AttachmentDefinition: Sendable, Hashable, Codable {
    /// Absolute, below one of the folders that the configuration allows.
    package var path: String
    package var content: String
    /// How ``content`` is written; `utf8` if absent.
    package var encoding: OutputEncoding?
    /// Of the bytes of the file: 64 hexadecimal digits.
    package var sha256: String?
    /// By name or number; the task's user if absent.
    package var owner: String?
    /// By name or number; the owner's if absent.
    package var group: String?
    /// Octal; `0600` if absent.
    package var mode: String?
    /// Whether it replaces a file with other content; absent: yes.
    package var overwrite: Bool?
    /// How long after the run was made it may still be put in place: a run that begins later fails.
    package var expires: Interval?

    package enum CodingKeys: String, CodingKey, CaseIterable {
        case path, content, encoding, sha256, owner, group, mode, overwrite, expires
    }

    package init(path: String, content: String) {
        self.path = path
        self.content = content
    }

    package static let defaultMode: UInt32 = 0o600

    /// What is to stand in the file; `nil` if ``content`` is not written as ``encoding`` says.
    package var bytes: [UInt8]? {
        encoding == .base64 ? Base64.decoded(content) : Array(content.utf8)
    }

    /// `nil` if it is no mode.
    package var modeBits: UInt32? {
        guard let mode else { return Self.defaultMode }
        // No sign.
        guard (3...4).contains(mode.utf8.count), mode.utf8.allSatisfy({ (48...55).contains($0) }),
            let bits = UInt32(mode, radix: 8)
        else { return nil }
        return bits
    }
}

extension TaskDefinition {
    func attachmentProblems() -> [InvalidValue] {
        var seen: Set<String> = []
        return (attachments ?? []).enumerated().flatMap { index, attachment in
            var problems = attachment.problems()
            if !seen.insert(attachment.path).inserted {
                problems.append(
                    InvalidValue(path: "/path", reason: "\(attachment.path) is an earlier attachment already")
                )
            }
            return problems.map { $0.below("/attachments/\(index)") }
        }
    }
}

extension AttachmentDefinition {
    fileprivate func problems() -> [InvalidValue] {
        var problems: [InvalidValue] = []
        func check(_ name: String, _ isGood: Bool, _ reason: String, _ expected: String? = nil) {
            if !isGood { problems.append(InvalidValue(path: "/" + name, reason: reason, expected: expected)) }
        }
        // By bytes, as the kernel reads a path: a mark that follows a slash makes one character with it.
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        check(
            "path",
            path.utf8.first == UInt8(ascii: "/") && !path.utf8.contains(0) && !parts.isEmpty
                && parts.allSatisfy { part in
                    !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
                        && part.count <= 255
                },
            "\"\(path)\" is not the path of a file",
            "an absolute path, without //, . or .. or a / at its end"
        )
        check("content", bytes != nil, "is not base64, as its encoding says")
        if let sha256 {
            let isHash = sha256.utf8.count == 64 && sha256.allSatisfy(\.isHexDigit)
            check("sha256", isHash, "\"\(sha256)\" is no SHA-256", "64 hexadecimal digits")
        }
        check("mode", modeBits != nil, "\"\(mode ?? "")\" is no mode", "three or four octal digits, such as \"0640\"")
        return problems + positive(expires, "/expires")
    }
}
