using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Dpark.GrainProxies;

/// <summary>
/// Makes the proxies of a project's grain interfaces for the embedded runtime while the project is compiled, so that they need not be emitted when a program starts. An
/// interface that has something rare in it gets none: the runtime emits its proxy.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class GrainProxyGenerator : IIncrementalGenerator
{
    private const string GrainInterface = "Orleans.Runtime.IAddressable";

    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var proxies = context.SyntaxProvider.CreateSyntaxProvider(
            static (node, _) => node is InterfaceDeclarationSyntax { BaseList: not null, TypeParameterList: null },
            static (found, cancellation) => found.SemanticModel.GetDeclaredSymbol((InterfaceDeclarationSyntax)found.Node, cancellation) is INamedTypeSymbol symbol ? ProxyOf(symbol) : null);
        context.RegisterSourceOutput(proxies, static (output, proxy) =>
        {
            if (proxy is not null)
            {
                output.AddSource($"{proxy.Name}.g.cs", SourceText.From(proxy.Code, Encoding.UTF8));
            }
        });
    }

    /// <returns>Null: none is made of it.</returns>
    private static ProxySource? ProxyOf(INamedTypeSymbol type)
    {
        if (!type.AllInterfaces.Any(static parent => parent.ToDisplayString() == GrainInterface) || !IsReachable(type))
        {
            return null;
        }

        var methods = new List<ProxyMethod>();
        foreach (var member in type.AllInterfaces.Prepend(type).SelectMany(static declaring => declaring.GetMembers()).Where(static member => member.IsAbstract))
        {
            if (member is not IMethodSymbol method || ProxyMethod.Of(method, methods.Count) is not { } made)
            {
                return null;
            }

            methods.Add(made);
        }

        return ProxyWriter.Write(type, methods);
    }

    private static bool IsReachable(INamedTypeSymbol type)
    {
        for (var outer = type; outer is not null; outer = outer.ContainingType)
        {
            if (outer.IsFileLocal || outer.IsGenericType || outer.DeclaredAccessibility is not (Accessibility.Public or Accessibility.Internal or Accessibility.ProtectedOrInternal))
            {
                return false;
            }
        }

        return true;
    }
}
