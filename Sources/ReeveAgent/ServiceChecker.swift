import ReeveProtocol

/// Says of a service what is not right at present, or is probably not meant.
struct ServiceChecker: Sendable {
    var commands: CommandChecker

    func warnings(_ service: ServiceDefinition) -> [String] {
        var warnings = commands.warnings(service.commandDefinition)
        if case .probe(.exec(let command)) = service.ready?.signal {
            warnings += commands.warnings(CommandDefinition(command: command)).map { "ready: \($0)" }
        }
        if case .exec(let command) = service.probe?.target {
            warnings += commands.warnings(CommandDefinition(command: command)).map { "probe: \($0)" }
        }
        if let timeout = service.probe?.timeout, let interval = service.probe?.interval, timeout > interval {
            warnings.append("probe: a try may take longer (\(timeout)) than the wait for the next one (\(interval))")
        }
        return warnings
    }
}
