using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>A state could not be written, because somebody else has written since it was read.</summary>
[GenerateSerializer, Alias("orleans.InconsistentStateException")]
public class InconsistentStateException : OrleansException
{
    /// <summary>Without details.</summary>
    public InconsistentStateException()
    {
    }

    /// <summary>With a message.</summary>
    public InconsistentStateException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public InconsistentStateException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>With both ETags.</summary>
    public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag)
        : base(errorMsg)
    {
        StoredEtag = storedEtag;
        CurrentEtag = currentEtag;
    }

    /// <summary>With both ETags and a cause.</summary>
    public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag, Exception storageException)
        : base(errorMsg, storageException)
    {
        StoredEtag = storedEtag;
        CurrentEtag = currentEtag;
    }

    /// <summary>The ETag in the store.</summary>
    [Id(0)]
    public string? StoredEtag { get; private set; }

    /// <summary>The ETag that the writer had.</summary>
    [Id(1)]
    public string? CurrentEtag { get; private set; }

    // False once the activation that met the conflict has been told to end: callers that pass the exception on are not at fault.
    [Id(2)]
    internal bool IsSourceActivation { get; set; } = true;

    /// <inheritdoc/>
    public override string ToString() => $"{base.ToString()} Stored ETag: {StoredEtag ?? "none"}, ETag of the writer: {CurrentEtag ?? "none"}.";
}
