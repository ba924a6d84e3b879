/// Whose a task, a service or an endpoint is, as its `source` says it: who it came from, from where alone it can be changed.
package enum DefinitionSource {
    /// A client.
    package static let rpc = "rpc"
    package static let configuration = "configuration"

    private static let folder = "folder:"

    /// A file in one of the folders.
    package static func file(_ path: String) -> String { folder + path }

    /// The path of the file; `nil`: it came from elsewhere.
    package static func file(of source: String) -> String? {
        source.hasPrefix(folder) ? String(source.dropFirst(folder.count)) : nil
    }
}
