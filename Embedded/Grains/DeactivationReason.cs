namespace Orleans;

/// <summary>Why an activation ends.</summary>
public enum DeactivationReasonCode : byte
{
    /// <summary>Not said.</summary>
    None = 0,

    /// <summary>The silo stops.</summary>
    ShuttingDown = 1,

    /// <summary>Constructor or <see cref="Grain.OnActivateAsync"/> failed.</summary>
    ActivationFailed = 2,

    /// <summary>The directory lost the registration.</summary>
    DirectoryFailure = 3,

    /// <summary>Nobody called for a while.</summary>
    ActivationIdle = 4,

    /// <summary>A request runs far too long.</summary>
    ActivationUnresponsive = 5,

    /// <summary>The grain has another activation that was registered first.</summary>
    DuplicateActivation = 6,

    /// <summary>A request needs another version of the grain.</summary>
    IncompatibleRequest = 7,

    /// <summary>The grain's code failed in a way that its state may be wrong.</summary>
    ApplicationError = 8,

    /// <summary>The grain's code asked for it.</summary>
    ApplicationRequested = 9,

    /// <summary>The grain moves.</summary>
    Migrating = 10,

    /// <summary>The runtime asked for it.</summary>
    RuntimeRequested = 11,

    /// <summary>The process is short of memory.</summary>
    HighMemoryPressure = 12,
}

/// <summary>Why an activation ends, for code and for people.</summary>
public readonly struct DeactivationReason
{
    /// <summary>A reason.</summary>
    public DeactivationReason(DeactivationReasonCode code, string text)
        : this(code, null, text)
    {
    }

    /// <summary>A reason with the exception behind it.</summary>
    public DeactivationReason(DeactivationReasonCode code, Exception? exception, string text)
    {
        ReasonCode = code;
        Exception = exception;
        Description = text;
    }

    /// <summary>For code.</summary>
    public DeactivationReasonCode ReasonCode { get; }

    /// <summary>For people.</summary>
    public string Description { get; }

    /// <summary>The exception behind it; null if there is none.</summary>
    public Exception? Exception { get; }

    /// <inheritdoc/>
    public override string ToString() => Exception is null ? $"{ReasonCode}: {Description}" : $"{ReasonCode}: {Description} Exception: {Exception}";
}
