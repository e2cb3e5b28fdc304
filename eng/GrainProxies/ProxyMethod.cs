using Microsoft.CodeAnalysis;

namespace Dpark.GrainProxies;

/// <summary>One method of a grain interface, as the parts of the code that calls it.</summary>
/// <param name="Index">Distinguishes it from the other methods of the proxy.</param>
/// <param name="Kind">The class of the runtime that stands for it, with its arguments.</param>
/// <param name="Tuple">The type that holds the arguments.</param>
/// <param name="TokenPosition">The place of the cancellation token; -1 if there is none.</param>
internal sealed record ProxyMethod(IMethodSymbol Symbol, int Index, string Kind, string Tuple, int TokenPosition)
{
    /// <summary>From the eighth on, arguments would be in a nested tuple.</summary>
    private const int MaxArguments = 7;

    private const string Token = "System.Threading.CancellationToken";

    private static readonly SymbolDisplayFormat Format = SymbolDisplayFormat.FullyQualifiedFormat.AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <returns>Null for a method that the runtime has to emit, or that it refuses and says why.</returns>
    public static ProxyMethod? Of(IMethodSymbol method, int index)
    {
        if (method.MethodKind != MethodKind.Ordinary || method.IsGenericMethod || method.Parameters.Any(static parameter => !IsPlain(parameter)))
        {
            return null;
        }

        var tokens = method.Parameters.Count(static parameter => IsToken(parameter.Type));
        var arguments = method.Parameters.Where(static parameter => !IsToken(parameter.Type)).Select(static parameter => NameOf(parameter.Type)).ToArray();
        var tuple = arguments.Length == 0 ? "global::System.ValueTuple" : $"global::System.ValueTuple<{string.Join(", ", arguments)}>";
        return tokens <= 1 && arguments.Length <= MaxArguments && KindOf(method, tuple) is { } kind
            ? new ProxyMethod(method, index, kind, tuple, tokens == 0 ? -1 : method.Parameters.Single(static parameter => IsToken(parameter.Type)).Ordinal)
            : null;
    }

    /// <summary>The type as code names it from anywhere.</summary>
    public static string NameOf(ITypeSymbol type) => type.ToDisplayString(Format);

    private static string? KindOf(IMethodSymbol method, string tuple)
    {
        if (method.ReturnType is not INamedTypeSymbol { ContainingNamespace: { } space, TypeArguments: { Length: <= 1 } results, Name: "Task" or "ValueTask" } type
            || space.ToDisplayString() != "System.Threading.Tasks")
        {
            return null;
        }

        return results.Length == 0 ? $"{type.Name}Method<{tuple}>" : $"{type.Name}Method<{tuple}, {NameOf(results[0])}>";
    }

    // What is passed with an attribute of the serializer may not be copied, which the runtime knows how to do.
    private static bool IsPlain(IParameterSymbol parameter) =>
        parameter.RefKind == RefKind.None
        && !parameter.Type.IsRefLikeType
        && parameter.Type.TypeKind != TypeKind.Pointer
        && !parameter.GetAttributes().Any(static attribute => attribute.AttributeClass?.ToDisplayString() == "Orleans.ImmutableAttribute");

    private static bool IsToken(ITypeSymbol type) => type.ToDisplayString() == Token;
}
