using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Orleans.Serialization.TypeSystem;

/// <summary>The types of one assembly that carry an attribute of ours, by metadata token. Immutable.</summary>
internal sealed class AssemblyIndex
{
    private const string AttributeNamespace = "Orleans";

    private readonly Assembly _assembly;
    private readonly List<(string Attribute, int Token)> _registered = [];
    private readonly List<(string Alias, int Token)> _aliases = [];

    private AssemblyIndex(Assembly assembly, MetadataReader reader)
    {
        _assembly = assembly;
        foreach (var handle in reader.CustomAttributes)
        {
            var attribute = reader.GetCustomAttribute(handle);
            if (attribute.Parent.Kind != HandleKind.TypeDefinition || AttributeName(reader, attribute) is not { } name)
            {
                continue;
            }

            var token = MetadataTokens.GetToken(attribute.Parent);
            if (name == nameof(AliasAttribute))
            {
                var blob = reader.GetBlobReader(attribute.Value);
                blob.ReadUInt16();
                _aliases.Add((blob.ReadSerializedString() ?? "", token));
            }
            else if (name is nameof(RegisterConverterAttribute) or nameof(RegisterActivatorAttribute))
            {
                _registered.Add((name, token));
            }
        }
    }

    public IReadOnlyList<(string Alias, int Token)> Aliases => _aliases;

    /// <summary>Null for an assembly that has no metadata to read.</summary>
    public static unsafe AssemblyIndex? TryCreate(Assembly assembly) =>
        assembly.TryGetRawMetadata(out var blob, out var length) ? new AssemblyIndex(assembly, new MetadataReader(blob, length)) : null;

    public Type Resolve(int token) => _assembly.ManifestModule.ResolveType(token);

    /// <summary>The types that carry the attribute.</summary>
    public IEnumerable<Type> Registered(string attribute) => _registered.Where(pair => pair.Attribute == attribute).Select(pair => Resolve(pair.Token));

    private static string? AttributeName(MetadataReader reader, CustomAttribute attribute)
    {
        StringHandle name;
        StringHandle space;
        if (attribute.Constructor.Kind == HandleKind.MemberReference
            && reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent is { Kind: HandleKind.TypeReference } parent)
        {
            var type = reader.GetTypeReference((TypeReferenceHandle)parent);
            (name, space) = (type.Name, type.Namespace);
        }
        else if (attribute.Constructor.Kind == HandleKind.MethodDefinition)
        {
            var type = reader.GetTypeDefinition(reader.GetMethodDefinition((MethodDefinitionHandle)attribute.Constructor).GetDeclaringType());
            (name, space) = (type.Name, type.Namespace);
        }
        else
        {
            return null;
        }

        return reader.StringComparer.Equals(space, AttributeNamespace) ? reader.GetString(name) : null;
    }
}
