import ReeveAgent

/// `--check-config`: reads all that a start would read, and starts nothing.
struct ConfigurationCheck {
    let message: String

    init(_ arguments: Arguments) throws {
        let places = Places()
        let settings = try Settings(arguments, places)
        _ = try Daemon.time(places, settings.configuration)
        message = settings.file.map { "\($0): good" } ?? "no configuration file: defaults are used"
    }
}
