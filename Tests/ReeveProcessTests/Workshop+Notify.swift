import ReeveProcess

// Processes that tell how they are.
extension Workshop {
    /// What a Python program needs to say something.
    static let prelude = """
        import array, os, socket, sys
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        def say(text, descriptors=[]):
            control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
            server.sendmsg([text.encode()], control, 0, os.environ["NOTIFY_SOCKET"])

        """

    static func environment(_ path: String) -> [String] { [Self.path, "NOTIFY_SOCKET=\(path)"] }

    func notifyingShell(_ script: String, path: String) -> ProcessSpecification {
        var specification = shell(script, environment: Self.environment(path))
        specification.notifySocket = NotifySocketSpecification(path: path)
        return specification
    }

    func notifyingPython(_ script: String, path: String, marks: [String] = []) -> ProcessSpecification {
        var specification = notifyingShell("", path: path)
        specification.arguments = ["/usr/bin/python3", "-c", Self.prelude + script]
        specification.environment += marks
        specification.marks = marks
        return specification
    }
}
