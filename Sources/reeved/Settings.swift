import Glibc
import ReeveAgent

/// The command line, the environment and the file made into one configuration.
struct Settings {
    var configuration: Configuration
    /// What was read, if anything.
    var file: String?

    /// - Parameter isReload: Whether a configuration counts already: then a file without anything in it is one that is being
    ///   written.
    init(_ arguments: Arguments, _ places: Places, isReload: Bool = false) throws {
        configuration = Configuration(name: places.hostName, stateDirectory: places.stateDirectory)
        let path = arguments.config ?? places.configuration
        // Before the file, which may name others.
        let beside = Self.folder(of: path)
        configuration.folders = [DropInFolder(beside + "/conf.d")]
        if let text = try Self.read(path, mustExist: arguments.config != nil) {
            if isReload, text.allSatisfy(\.isWhitespace) {
                throw StartFailure("\(path): is empty, as if it were being written; {} stands for the defaults")
            }
            configuration.apply(try ConfigurationFile(text: text, file: path))
            file = path
        }
        let services = beside + "/services.d"
        configuration.folders.removeAll { $0.path == services }
        configuration.folders.append(DropInFolder(services, bare: .service))
        configuration.stateDirectory = arguments.stateDirectory ?? configuration.stateDirectory
        if let socket = arguments.socket {
            configuration.sockets = [SocketConfiguration(path: socket)]
        } else if configuration.sockets.isEmpty {
            configuration.sockets = [SocketConfiguration(path: places.socket)]
        }
        configuration.logLevel = arguments.logLevel?.rawValue ?? configuration.logLevel
        configuration.logFormat = arguments.logFormat?.rawValue ?? configuration.logFormat
    }

    /// Without links and absolute, for tasks and services belong to their files by the path, however the agent is started
    /// the next time.
    private static func folder(of path: String) -> String {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let folder = path.hasPrefix("/") && slash == path.startIndex ? "/" : String(path[..<slash])
        guard let here = realpath(folder.isEmpty ? "." : folder, nil) else { return folder }
        defer { free(here) }
        let found = String(cString: here)
        return found == "/" ? "" : found
    }

    private static func read(_ path: String, mustExist: Bool) throws -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            guard mustExist || errno != ENOENT else { return nil }
            throw StartFailure("\(path): cannot be read: \(String(cString: strerror(errno)).lowercased())")
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw StartFailure("\(path): cannot be read: \(String(cString: strerror(errno)).lowercased())")
            }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer.prefix(count)
        }
    }
}
