namespace Orleans.Runtime.MembershipService;

/// <summary>A silo's own row has vanished from the membership table.</summary>
[GenerateSerializer, Alias("orleans.OrleansMissingMembershipEntryException")]
public sealed class OrleansMissingMembershipEntryException : OrleansException
{
    /// <summary>With a default message.</summary>
    public OrleansMissingMembershipEntryException()
        : base("This silo's row has vanished from the membership table.")
    {
    }

    /// <summary>With a message.</summary>
    public OrleansMissingMembershipEntryException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and a cause.</summary>
    public OrleansMissingMembershipEntryException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
