extension Int {
    /// The number with a word for one or for many: `1 change`, `3 changes`.
    package func counted(_ one: String, _ many: String) -> String { "\(self) \(self == 1 ? one : many)" }
}
