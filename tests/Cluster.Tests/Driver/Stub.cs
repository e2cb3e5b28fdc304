using System.Reflection;

namespace Dpark.Driver;

/// <summary>An interface whose every call goes to one function.</summary>
public class Stub : DispatchProxy
{
    private Func<MethodInfo, object?[], object?>? _call;

    /// <summary>Makes one.</summary>
    public static T Of<T>(Func<MethodInfo, object?[], object?> call)
        where T : class
    {
        var stub = Create<T, Stub>();
        ((Stub)(object)stub)._call = call;
        return stub;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _call!(targetMethod!, args ?? []);
}
